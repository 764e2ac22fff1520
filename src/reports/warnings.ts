import type { MapFault, Warning } from '../model/warning.ts'

/** Names that are listed of many. */
const mostNamed = 3

/** A warning in English: one line, without a point at its end. */
export function englishWarning(warning: Warning): string {
  switch (warning.kind) {
    case 'default-ranks': {
      const { changed, region, service } = warning
      const name = (rank: number | undefined): string => (rank === undefined ? 'unranked' : `rank ${rank}`)
      return (
        `${changed} ${changed === 1 ? 'rank is' : 'ranks are'} decided by addresses that a database puts where it does not know better (default-geolocation): ` +
        `without them ${region.name || region.code} is ${name(warning.without)}, not ${name(warning.rank)}, for ${service}`
      )
    }
    case 'address-bias': {
      const { placed } = warning
      const whose =
        placed === undefined
          ? 'an engine placed all of these'
          : `it placed ${placed.byDatabase} of ${placed.all} addresses here`
      return `${addressBias}: ${whose}`
    }
    case 'other-methods':
      return `the snapshots were not made in the same way (another ${warning.differing.join(', another ')}): a trend may be the method's`
    case 'partial':
      return `the snapshot ${warning.snapshot} is partial: ${warning.missing}`
    case 'other-units':
      return `${warning.old} are compared with ${warning.now}: shares mean something, counts side by side do not`
    case 'other-bases':
      return 'records held are compared with counts of a search engine, which saw what it saw'
    case 'other-sources':
      return `${warning.old} and ${warning.now} do not look at the same addresses in the same way`
  }
  return `no map is drawn of ${warning.country.name || warning.country.code}: ${warning.source} ${englishFault(warning.fault)}`
}

/** How far rates per address can be trusted, in English. */
export const addressBias =
  'rates per IPv4 address take out what an address database puts in its default places only where the same database placed the records'

function englishFault(fault: MapFault): string {
  if (fault.kind === 'unnamed') return 'names no version or no licence'
  if (fault.kind === 'unread') return 'is no map of @svg-maps as it is known here, or too large for a page'
  const { without, strange } = fault
  const listed = (names: readonly string[]): string =>
    names.length <= mostNamed
      ? names.join(', ')
      : `${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`
  const parts = [
    ...(without.length === 0 ? [] : [`no outline of ${listed(without.map(({ name }) => name))}`]),
    ...(strange.length === 0 ? [] : [`outlines of no region, or of one twice: ${listed(strange)}`]),
  ]
  return `has ${parts.join('; ')}`
}

/** The same in Japanese. @param units names of units */
export function japaneseWarning(warning: Warning, units: Readonly<Record<string, string>>): string {
  switch (warning.kind) {
    case 'default-ranks': {
      const { changed, region, service } = warning
      const name = (rank: number | undefined): string => (rank === undefined ? '順位なし' : `${rank} 位`)
      return (
        `${changed} 件の順位は、データベースが位置のわからないものを置く場所にあるアドレスに左右されています（default-geolocation）。` +
        `それらを除くと、${service} での${japaneseName(region)}は ${name(warning.rank)}ではなく ${name(warning.without)}です。`
      )
    }
    case 'address-bias': {
      const { placed } = warning
      const whose =
        placed === undefined
          ? 'ここではすべて検索エンジンが位置を決めています。'
          : `ここでは ${placed.all} アドレスのうち ${placed.byDatabase} の位置を同じデータベースが決めています。`
      return `IPv4 アドレスあたりの値でデータベースの既定位置による偏りが除かれるのは、同じデータベースが記録の位置を決めた場合だけです。${whose}`
    }
    case 'other-methods':
      return `これらのスナップショットは同じ方法で作られていません（相違点：${japaneseMethods(warning.differing)}）。推移は方法の違いによる可能性があります。`
    case 'partial':
      return `スナップショット ${warning.snapshot} には欠けがあります：${warning.missing}`
    case 'other-units': {
      const [old, now] = [warning.old, warning.now].map((unit) => units[unit] ?? unit)
      return `${old}と${now}を比べています。割合は比べられますが、件数は比べられません。`
    }
    case 'other-bases':
      return '保有する記録と検索エンジンによる集計を比べています。検索エンジンの集計は、その検索エンジンが見たものに限られます。'
    case 'other-sources':
      return `${warning.old} と ${warning.now} は、同じアドレスを同じ方法で見ているわけではありません。`
  }
  return `${japaneseName(warning.country)}の地図は描かれていません：${warning.source} ${japaneseFault(warning.fault)}`
}

const japaneseName = ({ code, name, localName }: { code: string; name: string; localName: string }): string =>
  (/^JP(-|$)/.test(code) && localName !== '' ? localName : name) || code

/** What methods are told to differ in. */
const methodParts: ReadonlyMap<string, string> = new Map([
  ['source', '情報源'],
  ['way', '取得方法'],
  ['query', '検索条件'],
  ['scope', '調査範囲'],
  ['list of ports', 'ポートの一覧'],
  ['set of checks', '検査項目'],
  ['discovery', '事前探索'],
  ['unit', '単位'],
  ['basis', '集計の元'],
])

/** In what methods differ, in Japanese. */
export const japaneseMethods = (differing: readonly string[]): string =>
  differing.map((what) => methodParts.get(what) ?? what).join('、')

function japaneseFault(fault: MapFault): string {
  if (fault.kind === 'unnamed') return 'にはバージョンまたはライセンスの記載がありません。'
  if (fault.kind === 'unread') return 'は @svg-maps の地図として読めないか、ページには大きすぎます。'
  const { without, strange } = fault
  const listed = (names: readonly string[]): string =>
    names.length <= mostNamed
      ? names.join('、')
      : `${names.slice(0, mostNamed).join('、')}、ほか ${names.length - mostNamed} 件`
  return [
    ...(without.length === 0 ? [] : [`に輪郭のない地域：${listed(without.map(japaneseName))}。`]),
    ...(strange.length === 0 ? [] : [`の輪郭のうち対応する地域がないか重複するもの：${listed(strange)}。`]),
  ].join('')
}
