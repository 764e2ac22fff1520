import { closeSync, openSync, writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { bannerLines, type BannerPlan } from './synthetic/banner.ts'

const chunkCharacters = 2 ** 20

/** The networks of a national export, and the addresses behind its records: about as many as real exports show. */
export const planFor = (count: number, seed: number): BannerPlan => ({
  seed,
  hosts: Math.max(1, Math.ceil(count * 0.65)),
  networks: 40_000,
  slim: false,
})

/** Writes `count` synthetic banners as NDJSON to a file; memory stays bounded. Returns the bytes written. */
export function writeBanners(file: string, count: number, plan: BannerPlan): number {
  const line = bannerLines(plan)
  const descriptor = openSync(file, 'w')
  let bytes = 0
  let lines: string[] = []
  let characters = 0
  const flush = (): void => {
    // Every line is ASCII: one character is one byte.
    const chunk = Buffer.from(lines.join(''), 'latin1')
    for (let sent = 0; sent < chunk.length;) sent += writeSync(descriptor, chunk, sent)
    bytes += chunk.length
    lines = []
    characters = 0
  }
  try {
    for (let index = 0; index < count; index++) {
      const text = `${line(index)}\n`
      lines.push(text)
      characters += text.length
      if (characters >= chunkCharacters) flush()
    }
    flush()
  } finally {
    closeSync(descriptor)
  }
  return bytes
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      slim: { type: 'boolean', default: false },
    },
  })
  const [file] = positionals
  const count = Number(values.count)
  const seed = Number(values.seed)
  if (file === undefined || !Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
    console.error('usage: tsx bench/generate-shodan.ts FILE [--count 1000000] [--seed 1] [--slim]')
    process.exitCode = 2
  } else {
    const bytes = writeBanners(file, count, { ...planFor(count, seed), slim: values.slim })
    console.error(`${file}: ${count} records, ${bytes} bytes`)
  }
}
