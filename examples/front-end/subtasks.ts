// Tasks with steps: one level, from one list.

import type { Store } from "./optimistic.js";
import { create, send, type Task } from "./request.js";

export type Branch = { task: Task; steps: Task[] };

/** What has no parent, each with its sub-tasks. */
export function tree(tasks: Task[]): Branch[] {
  const steps = new Map<number, Task[]>();
  for (const task of tasks) {
    if (task.parent_id !== null) steps.set(task.parent_id, [...(steps.get(task.parent_id) ?? []), task]);
  }
  return tasks.filter((task) => task.parent_id === null).map((task) => ({ task, steps: steps.get(task.id) ?? [] }));
}

export const addStep = (tasks: string, parent_id: number, title: string, key: string): Promise<Task> =>
  create(tasks, { title, parent_id }, key);

/** Into the trash, and its steps with it; the answer takes it back, with those that went along. */
export async function removeBranch(store: Store, { task, steps }: Branch): Promise<() => Promise<void>> {
  const url = `${store.tasks}/${task.id}`;
  await send(url, { method: "DELETE" });
  for (const { id } of [task, ...steps]) store.drop(id);
  return async () => {
    store.take(await (await send(`${url}/restore`, { method: "POST", isRepeatable: true })).json());
    for (const step of await (await send(`${store.tasks}?parent=${task.id}`)).json()) store.take(step);
  };
}
