/** Texts that become markup, script or another text where they are not escaped. */
export const hostileTexts: readonly string[] = [
  '<script>document.title = "taken"</script>',
  '</script><script>document.title = "taken"</script>',
  '"><img src=x onerror="document.title = 1">',
  "' onmouseover='document.title = 1' x='",
  '</title></style></svg></td><h1>taken',
  '<!--<script>',
  '-->]]>',
  '{service} $& $1 &lt;b&gt; &amp;amp;',
  'a\0b\u0001\u001b[31m\u0085',
  '\u202egnp.exe\u2066\u200f',
  'half \ud800 and \udc00 of a pair',
  '\ufeff\ufffe\uffff\ufdd0',
  '=HYPERLINK("http://192.0.2.1")',
  '__proto__',
  'constructor',
]

/** Of the listed texts, those that others are strung together of: that more are listed changes no text made. */
const first = hostileTexts.slice(0, 15)

const pieces: readonly string[] = [
  first,
  ['=', '+', '-', '@', '\t', '\r', '\n', '\r\n', ' ', '＝', '＋', '－', '＠', "'", '"', '""', ',', ';', '|', '%', '\\'],
  ['=1+1', '=cmd|" /C calc"!A0', '@SUM(1)', '+1-1', '{=1}', '_x0041_', '_x005F_', '_x0000_', '\u00a0=1', '\u3000=1'],
  ['<', '>', '&', '&#0;', '&#x3c;', ']]>', '<![CDATA[', '<?xml', '<b>', '</td>', '<!--', '-->', '[a](javascript:1)'],
  [
    '`',
    '*',
    '**',
    '_',
    '#',
    '> ',
    '- ',
    '1. ',
    '|-|',
    '![a](http://192.0.2.1)',
    'http://192.0.2.1',
    'www.example.com',
    'a@example.com',
  ],
  [
    '\0',
    '\u0001',
    '\u0007',
    '\b',
    '\u000b',
    '\f',
    '\u001b[2J',
    '\u001b]0;taken\u0007',
    '\u007f',
    '\u0085',
    '\u009b31m',
  ],
  [
    '\u061c',
    '\u200b',
    '\u200e',
    '\u202a',
    '\u202e',
    '\u2066',
    '\u2069',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\ufffe',
    '\uffff',
  ],
  ['\ud800', '\udfff', '\ud83d\ude00', '例', 'é', 'a', 'x1', '0'],
].flat()

/** Pieces thought of later, here so that the texts made of the others stay what they were: each stands alone, before and behind every other. */
const laterPieces: readonly string[] = ['\n\r', '_x1_', '_X000d_', '_x_', '_x000D', '_x20ac_', '\r\r\n', '\u2069=1']
const laterTexts = laterPieces.flatMap((piece) => [
  piece,
  ...[...pieces, ...laterPieces].flatMap((other) => [piece + other, other + piece]),
])

/**
 * Hostile texts, the same each time: so many of the listed ones, and of pieces of them and others strung together, some of
 * them long, the last two longer than a cell of Excel; and those of later pieces.
 */
export function hostileTextsMade(count: number): string[] {
  // A linear congruential generator (Numerical Recipes) is chance enough.
  let state = 1
  const below = (end: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * end)
  }
  const made = Array.from({ length: count - first.length - 2 }, (_, index) => {
    const length = index % 1000 === 999 ? 2000 : 1 + below(6)
    return Array.from({ length }, () => pieces[below(pieces.length)] ?? '').join('')
  })
  return [...hostileTexts, ...made, '='.repeat(40_000), `${'x'.repeat(32_766)}😀`, ...laterTexts]
}
