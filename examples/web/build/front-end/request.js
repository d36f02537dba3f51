// One request: problems as errors, and retries that do nothing twice.
/** What the service answered instead (RFC 9457). `code` is for programs, `detail` for people. */
export class Problem extends Error {
    status;
    code;
    errors;
    constructor(status, code, detail, errors) {
        super(errors.map((one) => `${one.loc}: ${one.message}`).join("; ") || detail);
        this.status = status;
        this.code = code;
        this.errors = errors;
    }
}
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
/** Whether sending it twice does what sending it once does. */
function isRepeatable({ method = "GET", headers = {} }) {
    return ["GET", "PUT", "DELETE"].includes(method) || "Idempotency-Key" in headers;
}
/** Send it; again while the service is busy (503) or away, if that is safe. Throws Problem. */
export async function send(url, asked = {}, attempts = 5) {
    const { method = "GET", body, headers = {} } = asked;
    const type = body === undefined ? {} : { "Content-Type": "application/json" };
    const text = body === undefined ? undefined : JSON.stringify(body);
    for (let attempt = 1;; attempt++) {
        const last = attempt === attempts || !isRepeatable(asked);
        try {
            const answer = await fetch(url, { method, body: text, headers: { ...type, ...headers } });
            if (answer.ok || answer.status === 304)
                return answer;
            if (answer.status !== 503 || last)
                throw await problem(answer);
            await pause(Number(answer.headers.get("Retry-After") ?? 1));
        }
        catch (error) {
            if (error instanceof Problem || last)
                throw error;
            await pause(2 ** attempt / 10); // no answer: nobody knows whether it arrived
        }
    }
}
async function problem(answer) {
    const told = await answer.json().catch(() => ({}));
    return new Problem(answer.status, told.code ?? "unknown", told.detail ?? answer.statusText, told.errors ?? []);
}
/** Create once, however often it has to be sent. Make the key where the user presses the button. */
export async function create(tasks, content, key) {
    return (await send(tasks, { method: "POST", body: content, headers: { "Idempotency-Key": key } })).json();
}
