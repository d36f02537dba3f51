// All pages of a list, each where the one before says it is.

import { send, type Task } from "./request.js";

/** The address of the next page (RFC 8288): do not make one up from the cursor. */
export function next(answer: Response): string | null {
  return /<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1] ?? null;
}

/** Every task that matches; no task twice and none left out, also while others write. */
export async function* pages(url: string): AsyncGenerator<Task[]> {
  for (let address: string | null = url; address; ) {
    const answer: Response = await send(address);
    yield await answer.json();
    address = next(answer);
  }
}
