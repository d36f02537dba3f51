// Delete many tasks at once, and take it back.

import { send } from "./request.js";

const AT_ONCE = 100; // operations of one batch

/** Run one operation on many tasks: of each hundred all, or none. */
export async function each(tasks: string, op: "delete" | "restore", ids: number[]): Promise<void> {
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const operations = ids.slice(at, at + AT_ONCE).map((id) => ({ op, id }));
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    await send(`${tasks}/batch`, { method: "POST", body: { operations }, headers });
  }
}

/** Into the trash what the user saw, and nothing that came since; the answer takes it back. */
export async function remove(tasks: string, ids: number[]): Promise<() => Promise<void>> {
  await each(tasks, "delete", ids);
  return () => each(tasks, "restore", ids);
}
