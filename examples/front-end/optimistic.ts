// Show a change before it is made, and take it back if it is refused.

import { Problem, send, type Task } from "./request.js";

export class Store {
  /** What the service has told, and what the user sees: the same with changes on their way. */
  private told = new Map<number, Task>();
  private underway = new Map<number, Partial<Task>[]>();

  constructor(readonly tasks: string, private readonly show: () => void = () => {}) {}

  /** A task as the service has it; what is older than what is known comes too late. */
  take(task: Task): void {
    if ((this.told.get(task.id)?.revision ?? 0) <= task.revision) this.told.set(task.id, task);
    this.show();
  }

  drop(id: number): void {
    this.told.delete(id);
    this.show();
  }

  all(): Task[] {
    return [...this.told.values()].map((task) => Object.assign({}, task, ...(this.underway.get(task.id) ?? [])));
  }

  revision(id: number): number | undefined {
    return this.told.get(id)?.revision;
  }

  /** Set completion: repeatable, so the last click wins and no condition is needed. */
  complete(id: number, completed: boolean): Promise<void> {
    return this.optimistic(id, { completed }, `${this.tasks}/${id}/complete`, {});
  }

  /** Change what the user saw; throws Problem 412 if it has changed since, and shows what it is now. */
  async edit(id: number, changes: Partial<Task>, seen = this.revision(id)): Promise<void> {
    try {
      await this.optimistic(id, changes, `${this.tasks}/${id}`, { "If-Match": `"${seen}"` });
    } catch (error) {
      if (error instanceof Problem && error.status === 412) this.take(await (await send(`${this.tasks}/${id}`)).json());
      throw error;
    }
  }

  private async optimistic(id: number, changes: Partial<Task>, url: string, headers: Record<string, string>): Promise<void> {
    const before = this.underway.get(id) ?? [];
    this.underway.set(id, [...before, changes]);
    this.show();
    try {
      this.take(await (await send(url, { method: "PATCH", body: changes, headers })).json());
    } finally {
      this.underway.set(id, (this.underway.get(id) ?? []).filter((one) => one !== changes));
      this.show(); // as the service has it: with the change, or, refused, without
    }
  }
}
