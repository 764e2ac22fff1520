import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { z } from 'zod'
import { wrongInput } from '../model/errors.ts'
import { deviceTypes } from './device-type.ts'

/** Parts of a banner; field-sql.ts says what each is. */
const fieldKinds = ['line', 'greeting', 'text', 'web', 'header'] as const

const rowSchema = z
  .strictObject({
    /** Regular expression for what follows the file's `start`; case does not matter. At most one or two capture groups. */
    pattern: z.string().min(1).max(400),
    vendor: z.string().max(80),
    /** The product's name; empty for a row that knows a banner to say nothing (the rows after it are not asked). */
    product: z.string().max(80),
    /** Number of the group that holds the product's name (a model), put after `product`. */
    productGroup: z.int().min(1).max(2).optional(),
    /** Number of the group that holds the version. */
    version: z.int().min(1).max(2).optional(),
    deviceType: z.enum(deviceTypes).optional(),
    /** CPE 2.3 vendor:product. */
    cpe: z
      .string()
      .regex(/^[\w.!-]+:[\w.!-]+$/)
      .optional(),
    examples: z
      .array(
        z.strictObject({ banner: z.string(), expect: z.strictObject({ product: z.string(), version: z.string() }) }),
      )
      .min(1),
  })
  .readonly()

const fileSchema = z.strictObject({
  title: z.string().min(1),
  source: z.string().min(1),
  licence: z.string().min(1),
  services: z.array(z.string().min(1)).min(1),
  /** Files of one service are asked in this order. */
  order: z.int(),
  /** Which part of a banner the patterns read: see field-sql.ts. One kind per service. */
  field: z.enum(fieldKinds),
  /** Regular expression without capture groups for what comes before every pattern. */
  start: z.string(),
  /** Texts of which a field must contain one for this file to be asked at all; absent: always. */
  gate: z.array(z.string().min(1)).min(1).optional(),
  rows: z.array(rowSchema).min(1),
})

export type FingerprintRow = z.infer<typeof rowSchema>
export type FingerprintFile = z.infer<typeof fileSchema> & { readonly name: string }

const folder = new URL('../../data/fingerprints/', import.meta.url)
const fileNames = (): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()

let loaded: readonly FingerprintFile[] | undefined

/** The fingerprint files of data/fingerprints in the order they are asked. A file that is wrong is a CensusError (exit 2). */
export function loadFingerprints(): readonly FingerprintFile[] {
  loaded ??= fileNames()
    // Tests check the patterns of the files shipped; compiling them all in JavaScript takes a tenth of a second.
    .map((name) => parse(name, readFileSync(new URL(name, folder), 'utf8'), () => undefined))
    .toSorted((a, b) => a.order - b.order)
  return loaded
}

/** One fingerprint file from its JSON text, its patterns checked. `name` is its file name, for messages. */
export function parseFingerprints(name: string, text: string): FingerprintFile {
  return parse(name, text, (file) => {
    for (const row of file.rows) checkPattern(file.start, row)
  })
}

function parse(name: string, text: string, check: (file: z.infer<typeof fileSchema>) => void): FingerprintFile {
  try {
    const file = fileSchema.parse(JSON.parse(text))
    check(file)
    return { ...file, name }
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : String(error)
    throw wrongInput(`The fingerprints ${name} are wrong: ${what}`)
  }
}

/** The whole regular expression of a row, as both JavaScript (flag i) and RE2 (option i) read it. */
export const fullPattern = (file: Pick<FingerprintFile, 'start'>, row: FingerprintRow): string =>
  `${file.start}(?:${row.pattern})`

/** Throws unless a pattern means the same in JavaScript and in RE2 and has the groups its row names. */
function checkPattern(start: string, row: FingerprintRow): void {
  const pattern = fullPattern({ start }, row)
  const withoutEscapes = pattern.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, '')
  if (/\(\?(?!:)/.test(withoutEscapes) || /\\[1-9kpPucAzZ]/.test(pattern.replaceAll('\\\\', ''))) {
    throw new Error(`${pattern}: look-around, back-references, flags and Unicode classes differ between engines`)
  }
  const groups = (new RegExp(`${pattern}|`, 'i').exec('')?.length ?? 1) - 1
  const wanted = Math.max(row.version ?? 0, row.productGroup ?? 0)
  if (groups !== wanted) throw new Error(`${pattern}: has ${groups} groups, its row names ${wanted}`)
}

/** SHA-256, hexadecimal, over everything recognition reads: the catalogue, the product table, the fingerprints. */
export function recogniseHash(): string {
  const hash = createHash('sha256')
  for (const name of ['../services.json', '../products.json', ...fileNames()]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(new URL(name, folder)))
      .update('\0')
  }
  return hash.digest('hex')
}
