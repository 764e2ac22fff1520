import fc from 'fast-check'
import { test } from 'vitest'
import { shodan } from '/work/main/src/sources/files/shodan.ts'
import { anyBanner, jsonLine, likelyBanner } from '/work/main/test/helpers/shodan.ts'
import { ingested } from '/work/main/test/helpers/store.ts'
const { bulk: _, ...slow } = shodan
test('x', async () => {
  const n = Number(process.env.N ?? 3000)
  const banners = fc.sample(fc.oneof(likelyBanner, likelyBanner, anyBanner), { numRuns: n, seed: Number(process.env.SEED ?? Date.now()) })
  const ls = [jsonLine({ ip_str: '192.0.2.1', port: 80 }), ...banners.map(jsonLine)]
  const input = ls.map((l) => l + '\n').join('')
  const a = await ingested(input, shodan), b = await ingested(input, slow)
  const m = (x) => new Map([...x.rows, ...x.rejects.map(r=>({...r}))].map((r) => [Number(r.line), JSON.stringify(r)]))
  const A = m(a), B = m(b)
  console.log('rows', a.rows.length, b.rows.length, 'rejects', a.rejects.length, b.rejects.length, a.cut, b.cut, A.size,B.size)
  let shown = 0
  for (let i = 1; i <= ls.length; i++) if (A.get(i) !== B.get(i) && shown++ < 12) {
    const x = JSON.parse(A.get(i) ?? '{}'), y = JSON.parse(B.get(i) ?? '{}')
    const d = [...new Set([...Object.keys(x), ...Object.keys(y)])].filter(k => x[k] !== y[k])
    console.log(i, ls[i-1].slice(0, 600)); for (const k of d) console.log('   ', k, JSON.stringify(x[k])?.slice(0,100), '|', JSON.stringify(y[k])?.slice(0,100))
  }
  console.log('differences', shown)
}, 600000)
