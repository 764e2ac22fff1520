import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { wrongInput } from '../model/errors.ts'
import { deviceTypes } from './device-type.ts'
import { loadFingerprints } from './fingerprints.ts'

const productsSchema = z.strictObject({
  title: z.string(),
  source: z.string().min(1),
  licence: z.string().min(1),
  products: z.array(
    z.strictObject({
      vendor: z.string(),
      product: z.string().min(1),
      /** Spellings in sources, compared without case; one ending in * is the beginning of a name. */
      names: z.array(z.string().min(1)).min(1),
      deviceType: z.enum(deviceTypes).optional(),
      /** CPE vendor:product, as in the official dictionary. */
      cpe: z.array(z.string().regex(/^[^:]+:[^:]+$/)).optional(),
    }),
  ),
})

/** A product as it is spelt. */
export interface Known {
  readonly vendor: string
  readonly product: string
  readonly deviceType: string
}

/** Ways to a product. Names are in lower case. */
export interface ProductTable {
  readonly names: ReadonlyMap<string, Known>
  readonly beginnings: readonly (readonly [string, Known])[]
  readonly cpes: ReadonlyMap<string, Known>
}

/** The text of data/products.json. */
export const productTableText = (): string => readFileSync(new URL('../../data/products.json', import.meta.url), 'utf8')

/** A product table from its JSON text, completed by the fingerprints' products. One that is wrong is a CensusError (exit 2). */
export function readTable(text: string): ProductTable {
  let file: z.infer<typeof productsSchema>
  try {
    file = productsSchema.parse(JSON.parse(text))
  } catch (error) {
    throw broken(error instanceof z.ZodError ? z.prettifyError(error) : String(error))
  }
  const names = new Map<string, Known>()
  const beginnings: [string, Known][] = []
  const byCpeName = new Map<string, Known>()
  for (const row of file.products) {
    const known = { vendor: row.vendor, product: row.product, deviceType: row.deviceType ?? '' }
    for (const name of row.names.map((each) => each.toLowerCase())) {
      if (name.endsWith('*')) beginnings.push([name.slice(0, -1), known])
      else if (names.has(name)) throw broken(`"${name}" is there twice`)
      else names.set(name, known)
    }
    for (const name of row.cpe ?? []) byCpeName.set(name, known)
  }
  for (const { vendor, product, productGroup, deviceType: type = '', cpe } of loadFingerprints().flatMap(
    (f) => f.rows,
  )) {
    if (product === '' || productGroup !== undefined) continue
    const known = { vendor, product, deviceType: type }
    const name = `${vendor} ${product}`.toLowerCase()
    if (!names.has(name)) names.set(name, known)
    if (cpe !== undefined && !byCpeName.has(cpe)) byCpeName.set(cpe, known)
  }
  beginnings.sort((a, b) => b[0].length - a[0].length)
  return { names, beginnings, cpes: byCpeName }
}

const broken = (what: string) => wrongInput(`The product table (products.json) is wrong: ${what}`)
