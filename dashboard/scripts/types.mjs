// events.schema.json -> events.ts. With --check: fails when events.ts is not what the schema says.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const at = (name) => fileURLToPath(new URL(`../src/${name}`, import.meta.url));
const FROM_CLIENT = new Set(["Subscribe", "SendNote", "DismissNudge", "Snooze"]);

/** The TypeScript that the schema stands for. */
export async function typescript() {
  const schema = JSON.parse(await readFile(at("events.schema.json"), "utf8"));
  for (const [name, model] of Object.entries(schema.$defs)) {
    // The server always sends every field, defaults included; a client may leave defaults out.
    model.required = FROM_CLIENT.has(name)
      ? [...new Set(["type", ...(model.required ?? [])])]
      : Object.keys(model.properties ?? {});
    for (const property of Object.values(model.properties ?? {})) {
      delete property.title; // a title would become a type alias of its own
      delete property.default;
    }
  }
  return compile(schema, "Message", {
    bannerComment:
      "// Generated from events.schema.json by scripts/types.mjs: `npm run types`. Do not edit.",
    additionalProperties: false,
    style: { printWidth: 100 },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = await typescript();
  if (process.argv.includes("--check")) {
    const found = await readFile(at("events.ts"), "utf8").catch(() => "");
    if (found !== wanted) {
      console.error("src/events.ts differs from src/events.schema.json: run `npm run types`");
      process.exit(1);
    }
  } else {
    await writeFile(at("events.ts"), wanted);
  }
}
