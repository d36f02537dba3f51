// `order` has 64 bits; JavaScript's numbers are exact up to 2⁵³ only. Ids and revisions stay below.

/** JSON with each integer beyond 2⁵³ as a string: nothing is rounded on the way in. */
export function parse(text: string): unknown {
  const outsideOfStrings = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;
  return JSON.parse(text.replace(outsideOfStrings, (part) => (part[0] === '"' || Number.isSafeInteger(Number(part)) ? part : `"${part}"`)));
}

/** JSON with bigints as numbers: nothing is rounded on the way out. */
export function stringify(value: Record<string, unknown>): string {
  const fields = Object.entries(value).map(([name, field]) => {
    return `${JSON.stringify(name)}:${typeof field === "bigint" ? field.toString() : JSON.stringify(field)}`;
  });
  return `{${fields.join(",")}}`;
}
