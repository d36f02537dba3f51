// Ask again for nothing: 304 costs neither a row in the database nor a byte of the list.

import { send, type Task } from "./request.js";

export class Poller {
  private tag: string | null = null;

  constructor(private readonly url: string) {}

  /** The list if anything in it may have changed, else null. */
  async changed(): Promise<Task[] | null> {
    const headers: Record<string, string> = this.tag ? { "If-None-Match": this.tag } : {};
    const answer = await send(this.url, { headers });
    this.tag = answer.headers.get("ETag");
    return answer.status === 304 ? null : answer.json();
  }
}
