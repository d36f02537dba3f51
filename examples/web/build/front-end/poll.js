// Ask again for nothing: 304 costs neither a row in the database nor a byte of the list.
import { send } from "./request.js";
export class Poller {
    url;
    tag = null;
    constructor(url) {
        this.url = url;
    }
    /** The list if anything in it may have changed, else null. */
    async changed() {
        const headers = this.tag ? { "If-None-Match": this.tag } : {};
        const answer = await send(this.url, { headers });
        this.tag = answer.headers.get("ETag");
        return answer.status === 304 ? null : answer.json();
    }
}
