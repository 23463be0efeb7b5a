import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
// @ts-expect-error a plain script without types
import { typescript } from "../scripts/types.mjs";

test("events.ts is what events.schema.json says", async () => {
  const found = await readFile(new URL("./events.ts", import.meta.url), "utf8");
  expect(found).toBe(await typescript());
});
