// One request: problems as errors, and retries that do nothing twice.

export type Priority = "none" | "low" | "medium" | "high";
export type Task = {
  id: number;
  title: string;
  completed: boolean;
  priority: Priority;
  due_date: string | null;
  due_at: string | null;
  tags: string[];
  order: number | null;
  repeat: string | null;
  repeat_of: number | null;
  parent_id: number | null;
  revision: number;
};

export type Content = { title: string; [field: string]: unknown };

/** What the service answered instead (RFC 9457). `code` is for programs, `detail` for people. */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, detail: string, readonly errors: { loc: string; message: string }[]) {
    super(errors.map((one) => `${one.loc}: ${one.message}`).join("; ") || detail);
  }
}

/** `isRepeatable`: where the method does not say so, as of `restore` and `move`. */
export type Asked = { method?: string; body?: unknown; headers?: Record<string, string>; isRepeatable?: boolean };

const pause = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

/** Whether sending it twice does what sending it once does. */
function canRepeat({ method = "GET", headers = {}, isRepeatable = false }: Asked): boolean {
  return isRepeatable || ["GET", "PUT", "DELETE"].includes(method) || "Idempotency-Key" in headers;
}

/** Send it; again while the service is busy (503) or away, if that is safe. Throws Problem. */
export async function send(url: string, asked: Asked = {}, attempts = 5): Promise<Response> {
  const { method = "GET", body, headers = {} } = asked;
  const type: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
  const text = body === undefined ? undefined : JSON.stringify(body);
  for (let attempt = 1; ; attempt++) {
    const last = attempt === attempts || !canRepeat(asked);
    try {
      const answer = await fetch(url, { method, body: text, headers: { ...type, ...headers } });
      if (answer.ok || answer.status === 304) return answer;
      if (answer.status !== 503 || last) throw await problem(answer);
      await pause(Number(answer.headers.get("Retry-After") ?? 1));
    } catch (error) {
      if (error instanceof Problem || last) throw error;
      await pause(2 ** attempt / 10); // no answer: nobody knows whether it arrived
    }
  }
}

async function problem(answer: Response): Promise<Problem> {
  const told = await answer.json().catch(() => ({}));
  return new Problem(answer.status, told.code ?? "unknown", told.detail ?? answer.statusText, told.errors ?? []);
}

/** Create once, however often it has to be sent. Make the key where the user presses the button. */
export async function create(tasks: string, content: Content, key: string): Promise<Task> {
  return (await send(tasks, { method: "POST", body: content, headers: { "Idempotency-Key": key } })).json();
}
