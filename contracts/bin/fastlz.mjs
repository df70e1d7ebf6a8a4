#!/usr/bin/env node
// Writes fastlz-vectors.json: inputs and the lengths to which FastLZ (level 1) compresses them.
//
// The L1 fee depends on this length, so the engine, the GasPriceOracle and this file must agree on every byte string.
// README-l2.md has the algorithm in words. `--check` fails if the file differs.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const target = join(dirname(fileURLToPath(import.meta.url)), "..", "fastlz-vectors.json");

/** Length of the FastLZ level 1 compression of `data`. */
export function fastlzLength(data) {
  const limit = data.length - 13;
  const table = new Int32Array(8192);
  const word = (i) => data[i] | (data[i + 1] << 8) | (data[i + 2] << 16);
  const hash = (w) => Math.imul(2654435769, w) >>> 19;
  const literals = (n) => 33 * Math.floor(n / 32) + (n % 32 === 0 ? 0 : 1 + (n % 32));
  const match = (l) => 3 * Math.floor(Math.max(l - 1, 0) / 262) + (((l - 1) % 262) + 1 >= 7 ? 3 : 2);

  let length = 0;
  let anchor = 0; // first byte not yet written
  let i = 2;
  while (i < limit) {
    let candidate;
    // Walk on until three bytes repeat at a distance below 8192.
    for (;;) {
      const w = word(i);
      const h = hash(w);
      candidate = table[h];
      table[h] = i;
      const distance = i - candidate;
      if (i >= limit) break;
      i += 1;
      if (distance < 8192 && w === word(candidate)) break;
    }
    if (i >= limit) break;
    i -= 1;
    length += literals(i - anchor);

    // Bytes that match after the first three, plus one for the byte that ends the match.
    const most = limit + 9 - (i + 3);
    let l = 0;
    while (l < most) {
      l += 1;
      if (data[candidate + 2 + l] !== data[i + 2 + l]) break;
    }
    length += match(l);

    i += l;
    table[hash(word(i))] = i;
    table[hash(word(i + 1))] = i + 1;
    i += 2;
    anchor = i;
  }
  return length + literals(data.length - anchor);
}

/** Bytes of a small fixed generator (xorshift32), so that the file is the same everywhere. */
function random(seed, size, alphabet = 256) {
  let x = seed;
  return Uint8Array.from({ length: size }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % alphabet;
  });
}

const repeat = (pattern, size) => Uint8Array.from({ length: size }, (_, i) => pattern[i % pattern.length]);
const concat = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const hex = (bytes) => "0x" + Buffer.from(bytes).toString("hex");

function inputs() {
  const list = [];
  for (const size of [0, 1, 2, 3, 12, 13, 14, 15, 16, 17, 18, 31, 32, 33, 64, 65]) {
    list.push([`zeros ${size}`, repeat([0], size)]);
    list.push([`random ${size}`, random(size + 1, size)]);
  }
  for (const size of [100, 110, 263, 264, 270, 275, 280, 281, 282, 290, 520, 530, 540, 545, 600, 1000, 5000]) {
    list.push([`zeros ${size}`, repeat([0], size)]);
    list.push([`pattern ${size}`, repeat([1, 2, 3, 4, 5, 6, 7], size)]);
    list.push([`two letters ${size}`, random(size + 7, size, 2)]);
    list.push([`sixteen letters ${size}`, random(size + 9, size, 16)]);
  }
  const head = random(77, 40);
  for (const gap of [8140, 8149, 8150, 8151, 8152, 8153, 8160]) {
    list.push([`repeat after ${gap + 40}`, concat(head, random(78, gap), head, random(79, 20))]);
  }
  return list;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const vectors = inputs().map(([name, data]) => ({ name, length: fastlzLength(data), data: hex(data) }));
  const text = JSON.stringify(vectors, null, 1) + "\n";
  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
  } else if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
    console.error(`${target} is out of date: run \`node bin/fastlz.mjs\` and commit the result`);
    process.exit(1);
  }
}
