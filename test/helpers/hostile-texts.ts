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
