/** Ends the process with what was wrong. */
export function check(right: boolean, what: string): asserts right {
  if (!right) throw new Error(what);
}

/** Where the service is: the last argument of the process. */
declare const process: { argv: string[] };
export const base: string = process.argv[process.argv.length - 1]!;
