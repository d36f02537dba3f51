// All pages of a list, each where the one before says it is.
import { send } from "./request.js";
/** The address of the next page (RFC 8288): do not make one up from the cursor. */
export function next(answer) {
    return /<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1] ?? null;
}
/** Every task that matches; no task twice and none left out, also while others write. */
export async function* pages(url) {
    for (let address = url; address;) {
        const answer = await send(address);
        yield await answer.json();
        address = next(answer);
    }
}
