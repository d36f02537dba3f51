// Drag and drop: say beside what a task was dropped, and let the service find the number.

import { send, type Task } from "./request.js";

/** As `sort=order` lists them: what has no number comes last. */
export function inOrder(tasks: Task[]): Task[] {
  const place = (task: Task): number => task.order ?? Infinity;
  return [...tasks].sort((one, other) => (place(one) === place(other) ? one.id - other.id : place(one) - place(other)));
}

/** The list as it is to be shown at once, before any answer. */
export function dropped(ids: number[], id: number, at: number): number[] {
  const others = ids.filter((one) => one !== id);
  return [...others.slice(0, at), id, ...others.slice(at)];
}

/** Where it was dropped, by its neighbour there. Safe to repeat: a task that is there stays as it is. */
export async function drop(tasks: string, shown: number[], id: number): Promise<Task> {
  const at = shown.indexOf(id);
  const body = at + 1 < shown.length ? { before: shown[at + 1] } : { after: shown[at - 1] };
  return (await send(`${tasks}/${id}/move`, { method: "POST", body, isRepeatable: true })).json();
}
