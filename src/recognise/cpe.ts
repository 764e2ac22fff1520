/** The parts of a CPE name that say what a product is; '' where it says "any" (*) or "not applicable" (-). */
export interface Cpe {
  /** a: application, h: hardware, o: operating system. */
  readonly part: 'a' | 'h' | 'o'
  readonly vendor: string
  readonly product: string
  readonly version: string
}

/** CPE names out of space-separated text, in the URI binding of CPE 2.2 (`cpe:/a:…`, %-escapes) and the formatted string of 2.3 (`cpe:2.3:a:…`, backslash escapes). What is no CPE is left out. */
export function cpes(text: string | undefined): readonly Cpe[] {
  return (text ?? '')
    .slice(0, 4096)
    .split(/\s+/)
    .map(cpe)
    .filter((parsed) => parsed !== undefined)
}

function cpe(text: string): Cpe | undefined {
  const name = /^cpe:(?:2\.3:|\/)(.+)$/i.exec(text)?.[1]
  if (name === undefined) return undefined
  const [part = '', vendor = '', product = '', version = ''] = (name.match(/(?:\\.|[^:\\])*(?::|$)/g) ?? []).map(
    (piece) => plain(piece.replace(/:$/, '')),
  )
  if ((part !== 'a' && part !== 'h' && part !== 'o') || vendor === '') return undefined
  return { part, vendor, product, version }
}

const plain = (value: string): string =>
  value === '*' || value === '-'
    ? ''
    : value
        .replace(/\\(.)/g, '$1')
        .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
        .slice(0, 120)
        .toLowerCase()
