import { signal } from "@preact/signals";
import type { Me } from "./api";

/** Who is looking; null until the server has said so. */
export const me = signal<Me | null>(null);
