// A day is a day wherever one is; an instant is one moment, and another day elsewhere.

import type { Task } from "./request.js";

/** The user's own zone, for `time_zone=` of lists and of the summary. */
export const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The calendar day of a moment in a zone, as `due_date` and `due_from` are written. */
export function day(moment: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(moment); // 2026-11-24
}

/** When it is due, for people. `new Date("2026-11-24")` would be the evening before in New York. */
export function due(task: Pick<Task, "due_date" | "due_at">, timeZone: string, locale: string): string {
  if (task.due_at) return new Date(task.due_at).toLocaleString(locale, { timeZone, dateStyle: "medium", timeStyle: "short" });
  if (!task.due_date) return "";
  return new Date(`${task.due_date}T00:00:00Z`).toLocaleDateString(locale, { timeZone: "UTC", dateStyle: "medium" });
}

/** What is due this week in the user's zone, whichever of the two fields has it. */
export function week(tasks: string, timeZone: string, now: Date): string {
  const until = new Date(now.getTime() + 6 * 86_400_000);
  return `${tasks}?${new URLSearchParams({ due_from: day(now, timeZone), due_to: day(until, timeZone), time_zone: timeZone, sort: "due" })}`;
}
