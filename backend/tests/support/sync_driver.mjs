// Runs the TypeScript client as the tests say: a line of JSON in, a line of JSON out.
// weather: "fine"; "away": no request arrives; "lost": requests arrive, and no answer comes back.
import { createInterface } from "node:readline";

const { Copy } = await import(process.argv[2]);
const copy = new Copy(process.argv[3]);
const real = globalThis.fetch;
let weather = "fine";

globalThis.fetch = async (...asked) => {
  if (weather === "away") throw new TypeError("away");
  const answer = await real(...asked);
  if (weather === "lost") {
    await answer.text();
    throw new TypeError("lost");
  }
  return answer;
};

const commands = {
  weather: async (kind) => void (weather = kind),
  edit: async (operation) => copy.edit(operation),
  sync: async () => copy.sync().then(() => true, (error) => error instanceof TypeError ? false : String(error)),
  state: async () => ({ tasks: [...copy.tasks.values()], queue: copy.queue, conflicts: copy.conflicts }),
  live: async (number) => {
    const told = [];
    await copy.live((item) => {
      if (told.push(item) === number) throw told;
    }).catch((end) => {
      if (end !== told) throw end;
    });
    return told;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  console.log(JSON.stringify((await commands[name](argument)) ?? null));
}
