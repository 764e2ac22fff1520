import { cpes } from './cpe.ts'
import type { Cpe } from './cpe.ts'
import { deviceType } from './device-type.ts'
import { productTableText, readTable } from './product-table.ts'
import type { Known, ProductTable } from './product-table.ts'

/** What a source, or a fingerprint, says of the product behind an answer. `cpe` is space-separated. */
export interface ProductClue {
  readonly service: string
  readonly vendor?: string
  readonly product?: string
  readonly version?: string
  readonly cpe?: string
  readonly deviceType?: string
  readonly os?: string
}

/** A product in its one spelling; '' for what is not known. `deviceType` is one of deviceTypes or ''. */
export interface Product {
  readonly vendor: string
  readonly product: string
  readonly version: string
  readonly deviceType: string
}

/**
 * Stands in the product column for mail servers that told only that they speak ESMTP: a capability (RFC 5321), not a
 * product. The parentheses keep it apart from every product; the vendor is empty.
 */
export const esmtpCapability = '(ESMTP, no product told)'

let spell: ((clue: ProductClue) => Product) | undefined

/** The product a source tells, in its one spelling. The table is read at the first call. */
export function product(clue: ProductClue): Product {
  spell ??= productSpeller(productTableText())
  return spell(clue)
}

/** As product(), with the product table of this JSON text. A table that is wrong is a CensusError (exit 2). */
export function productSpeller(text: string): (clue: ProductClue) => Product {
  const table = readTable(text)
  return (clue) => {
    const told = bounded(clue.product)
    const vendor = bounded(clue.vendor)
    const version = bounded(clue.version)
    const type = deviceType(clue.deviceType)
    if (clue.service === 'smtp' && /^(nt-)?e?smtp( (mail|service|server|ready))*$/i.test(told)) {
      return { vendor: '', product: esmtpCapability, version: '', deviceType: type }
    }
    const found = told === '' ? byCpe(table, clue.cpe) : byName(table, vendor, told)
    return {
      vendor: found?.vendor ?? vendor,
      product: found?.product ?? told,
      version: /^[-*?]?$/.test(version) ? (found?.version ?? '') : version,
      deviceType: type === '' ? (found?.deviceType ?? '') : type,
    }
  }
}

/** By vendor and name, by name, then both again without a version at the name's end (`nginx/1.25`, `OpenSSH 8.9`). */
function byName(table: ProductTable, vendor: string, told: string): Product | undefined {
  const [, bare = '', version = ''] = /^(.{2,}?)[ /_-]v?(\d[\w.+-]*)(?: ?\(.*\))?$/.exec(told) ?? []
  for (const [name, rest] of [[told, ''] as const, [bare, version] as const]) {
    const low = name.toLowerCase()
    if (low === '') continue
    const known =
      table.names.get(`${vendor.toLowerCase()} ${low}`) ??
      table.names.get(low) ??
      table.beginnings.find(([start]) => low.startsWith(start))?.[1]
    if (known !== undefined) return { ...known, version: rest }
  }
  return undefined
}

/** Applications first, then hardware; an operating system only where it is a device's own (a router's), which its device type tells. */
function byCpe(table: ProductTable, text: string | undefined): Product | undefined {
  const list = cpes(text).filter((cpe) => cpe.product !== '')
  const known = (cpe: Cpe): Known | undefined => table.cpes.get(`${cpe.vendor}:${cpe.product}`)
  const best =
    list.find((cpe) => cpe.part === 'a') ??
    list.find((cpe) => cpe.part === 'h') ??
    list.find((cpe) => (known(cpe)?.deviceType ?? '') !== '')
  if (best === undefined) return undefined
  const spelt = known(best) ?? {
    vendor: words(best.vendor),
    product: words(best.product),
    deviceType: '',
  }
  return { ...spelt, version: best.version }
}

/** Foreign text made fit for a table: one line, single spaces, no control characters, at most 120 characters. */
const bounded = (text: string | undefined): string =>
  (text ?? '')
    .slice(0, 1000)
    // oxlint-disable-next-line no-control-regex -- control characters are what this removes
    .replace(/[\u0000-\u0020\u007f-\u00a0\u2028\u2029]+/g, ' ')
    .trim()
    .slice(0, 120)
    .toWellFormed()

const words = (name: string): string => bounded(name.replaceAll('_', ' '))
