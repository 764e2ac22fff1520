import { japaneseMethods } from '../warnings.ts'
import type { ComparisonMessages } from './comparison-en.ts'

/** Texts of comparison.html that report.html has not, in Japanese. */
export const comparisonJa: ComparisonMessages = {
  kinds: {
    new: '新規',
    opened: '開放',
    appeared: '出現',
    coverageGained: '以前は調査対象外',
    movedIn: '転入',
    rePlacedIn: '再配置（入）',
    gone: '消失',
    closed: '閉鎖',
    vanished: '不在',
    coverageLost: '調査対象外になった',
    movedOut: '転出',
    rePlacedOut: '再配置（出）',
    stayed: '継続',
    relabelled: '製品変更',
  },
  title: (name) => `公開サービスの比較：${name}`,
  heading: (name) => `二つのスナップショットの間の変化：${name}`,
  subtitle: (old, now) => `${old} → ${now}`,
  nothing: '国なし',
  forced: '同じ方法で作られていません',
  forcedText: (differing) =>
    `二つのスナップショットは次の点で異なります：${japaneseMethods(differing)}。--force の指定により比較しましたが、ここに示す変化は方法の違いだけによる可能性があります。`,
  totals: ({ name, old, now, unit, difference }) =>
    `${name}で数えた${unit}は、旧スナップショットで${old}、新スナップショットで${now}です（${difference}）。`,
  otherThings: (old, now) => `旧は${old}、新は${now}を数えたものです。比べられるのは割合だけで、差は求めません。`,
  came: (sum, change) =>
    `加わったもの${sum}：旧スナップショットに記録のないもの${change.new}、以前は閉じていたか別のサービスだったもの${change.opened}、別のエンドポイントだけで知られていたもの${change.appeared}。`,
  went: (sum, change) =>
    `なくなったもの${sum}：新スナップショットに記録のないもの${change.gone}、閉じたか別のサービスになったもの${change.closed}、別のエンドポイントだけが残るもの${change.vanished}。`,
  coverage: (gained, lost) => `調査範囲：旧で調べられていなかったもの${gained}、新で調べられていないもの${lost}。`,
  movement: (moved, rePlaced) =>
    `国内で別の地域に移ったもの${moved}、位置の表が変わっただけで別の地域になったもの${rePlaced}。`,
  stayed: (stayed, relabelled) => `継続${stayed}、うち製品が変わったもの${relabelled}。`,
  grewMost: (list) => `最も増えた地域：${list}。`,
  shrankMost: (list) => `最も減った地域：${list}。`,
  named: (name, difference) => `${name} ${difference}`,
  beyondChance: (count, all) =>
    `${all}地域のうち${count}地域の割合は、偶然で説明できる以上に変わりました（全行について調整した確率が0.05未満）。`,
  unknownChange: '個々のアドレスがどうなったかは、ここでは分かりません。',
  chooseCountry: '国',
  chart: (service) => `地域別のアドレスの変化：${service}`,
  chartLabel:
    '地域ごとの棒グラフ。右は加わったもの、左はなくなったもの、棒を横切る印は差。同じ数値はこのサービスの表にあります。',
  chartNote: (unit) =>
    `0の右は加わったもの、左はなくなったもの（${unit}）。棒の各部分の合計が差で、棒を横切る印と数値で示します。`,
  chartCut: (shown, all) => `${all}地域のうち変化の大きい${shown}地域。すべては表にあります。`,
  groups: ['新規・開放・出現／消失・閉鎖・不在', '地域の移動', '位置の表による再配置', '調査範囲'],
  table: (service) => `表：${service}`,
  old: '旧',
  new: '新',
  difference: '差',
  oldShare: '旧の割合（%）',
  newShare: '新の割合（%）',
  chance: '偶然の確率',
  sides: '二つのスナップショット',
  side: '側',
  source: '情報源',
  unit: '単位',
  rowsLeftOut: (rows, file) => `ほかの${rows}行は${file}にあります。`,
  methodItems: [
    '旧＝継続＋消失＋閉鎖＋不在＋調査対象外になった＋転出＋再配置（出）。新＝継続＋新規＋開放＋出現＋以前は調査対象外＋転入＋再配置（入）。したがって棒の各部分の合計は差に等しくなります。',
    'アドレスは、そのサービスの公開記録があるところで数えます。分類と「すべて」では一度だけ数えます。国の合計では、国内の地域間の移動は「継続」です。',
    '両方のスナップショットの位置と製品は同じ版の表で決め、同じ人口で比べます。',
    '「製品変更」は「継続」の一部で、同じサービスについて両方が製品を示し、それが異なるものです。',
    '割合は、国の地域に配置できたものに対する割合です。「偶然の確率」は、二つの割合の差が偶然だけでこれほど大きくなる確率です（二つのポアソン率の正確な条件付き検定、Holm法により全行について調整）。',
  ],
  limitItems: [
    '見えないことは証拠ではありません。検索エンジンが訪れなければ、存在するアドレスも「消失」になります。誰かが確かめたと言えるのは「閉鎖」だけです。',
    '「調査対象外」は国とサービスによる推定です。ホストの少ない国で本当に現れた、または消えたサービスも、これと見なされることがあります。',
    '両方のスナップショットには同じホストが多く含まれ、アドレスはネットワーク単位で現れては消えます。偶然の確率は目安です。',
    'アドレスの持ち主は変わります。加わったものとなくなったものは、機器の開始や停止とは限りません。',
  ],
}
