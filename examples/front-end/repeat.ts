// Tick off a repeating task: shown at once, and the next one comes by itself.

import { next } from "./pages.js";
import type { Store } from "./optimistic.js";
import { send, type Task } from "./request.js";

/** Take what has changed since a revision; whoever listens (live.ts) is told of it anyway. */
export async function catchUp(store: Store, since: number): Promise<void> {
  for (let address: string | null = `${store.tasks}/changes?since=${since}`; address; ) {
    const answer: Response = await send(address);
    for (const item of (await answer.json()).items) {
      if (item.deleted) store.drop(item.id);
      else store.take(item);
    }
    address = next(answer);
  }
}

/** Complete it; answers the task that follows, or null at the end of a series. Repeated, it makes no second one. */
export async function tick(store: Store, id: number): Promise<Task | null> {
  const seen = store.revision(id) ?? 0;
  await store.complete(id, true);
  await catchUp(store, seen);
  return store.all().find((task) => task.repeat_of === id) ?? null;
}

/** When it will be due again, to show what a rule means. */
export async function dues(tasks: string, id: number, limit = 5): Promise<string[]> {
  const { items } = await (await send(`${tasks}/${id}/occurrences?limit=${limit}`)).json();
  return items.map((one: Pick<Task, "due_date" | "due_at">) => one.due_date ?? one.due_at);
}
