/**
 * A name as it is compared: without case, diacritics, punctuation, spaces, and with full-width letters made plain.
 * Equal keys mean the same spelling. Empty for text without letters or digits and for anything too long for a name.
 */
export function nameKey(name: string): string {
  return words(name).join('')
}

/** `nameKey` of a name and of its common respellings (German umlauts written as ae, oe, ue). */
export function nameKeys(name: string): readonly string[] {
  const expanded = name.normalize('NFC').replace(/[äöüÄÖÜ]/g, (letter) => umlauts[letter.toLowerCase()] ?? letter)
  return [...new Set([nameKey(name), nameKey(expanded)])].filter((key) => key !== '')
}

/** `nameKey` without the words that only say what kind of region it is: `Oblast`, `State of`, `Prefecture`, `-do`. */
export function coreKey(country: string, name: string): string {
  const kinds = country === 'US' ? kindsInTheUnitedStates : kindsOfRegion
  const core = words(name).filter((word) => !kinds.has(word))
  while (core.length > 1 && connectives.has(core[0] ?? '')) core.shift()
  return core.join('')
}

/**
 * The spellings East Asian sources use beside a region's names. Japan: 大阪府 is also 大阪, Osaka-fu, Osakafu;
 * 北海道 stays whole, as 北海 is no name of it. China, Taiwan: without 省, 市, 縣 or 自治区.
 */
export function eastAsianSpellings(country: string, names: readonly string[], localName?: string): readonly string[] {
  if (localName === undefined) return []
  if (country === 'JP') {
    const suffix = { 県: 'ken', 都: 'to', 府: 'fu' }[localName.slice(-1)]
    return suffix === undefined ? [] : [localName.slice(0, -1), ...names.map((name) => `${name}-${suffix}`)]
  }
  if (country !== 'CN' && country !== 'TW') return []
  const short = localName.replace(/(?:(?:壮族|回族|维吾尔)?自治区|[省市縣])$/u, '')
  return short === localName ? [] : [short]
}

const longestName = 200
const umlauts: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' }

/** Letters that Unicode does not decompose into a plain letter and a mark. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  þ: 'th',
  ə: 'a',
}

function words(name: string): readonly string[] {
  if (name.length > longestName) return []
  return name
    .normalize('NFKD')
    .replace(/[\u0300-\u036F]/g, '')
    .normalize('NFC') // puts kana's voicing marks and Hangul together again
    .toLowerCase()
    .replace(/[ßæœøđðħıłþə]/g, (letter) => plainLetters[letter] ?? letter)
    .replace(/&/g, ' and ')
    .replace(/['’‘`´ʹʼʻ".]/g, '')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '')
}

const kindsOfRegion: ReadonlySet<string> = new Set(
  (
    'prefecture metropolis state province region county district oblast krai kray kraj okrug republic respublika ' +
    'territory governorate department departamento departement municipality canton kanton parish division emirate ' +
    'voivodeship wojewodztwo provincia provincie provinsi regione regiao estado land lan maakunta megye zupanija ' +
    'judet judetul oblys oblysy aimag aymag wilaya muhafazah mintaqah voblast autonomous sheng shi zizhiqu ' +
    'teukbyeolsi gwangyeoksi teukbyeoljachido do si comunidad comunitat'
  ).split(' '),
)
/** There, "Washington County" is no state: only these words may be left out. */
const kindsInTheUnitedStates: ReadonlySet<string> = new Set(['state', 'commonwealth'])
const connectives: ReadonlySet<string> = new Set(['of', 'the', 'de', 'la', 'le', 'du', 'del', 'di', 'da', 'do'])
