import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { engines } from '../../src/sources/engines.ts'
import { census } from '../helpers/cli.ts'

describe('census list sources', () => {
  it('says in 80 columns what each engine needs, costs and cannot do', async () => {
    const ran = await census(['list', 'sources'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    for (const line of ran.stdout.split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(80)
    const parts = ran.stdout.split('\n\n')
    expect(parts).toHaveLength(engines.length)
    for (const [index, engine] of engines.entries()) {
      const part = (parts[index] ?? '').replaceAll(/\s+/g, ' ')
      expect(part.startsWith(`${engine.title} (${engine.id}) gives `)).toBe(true)
      for (const text of [engine.secret, engine.cost, engine.terms, ...engine.cannot.map((one) => `- ${one}`)])
        expect(part).toContain(text)
      expect(part).toContain('unconfirmed' in engine ? ' evidence unconfirmed' : ' evidence confirmed')
    }
    expect(parts[0]).toMatch(/^ {2}gives {5}counts and records\n.*\n {2}key.*\n {2}rate {6}one request a second$/m)
    expect(parts[1]).toContain('--experimental')
  })

  it('--json: the facts, as one document', async () => {
    const ran = await census(['list', 'sources', '--json'])
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.stdout)).toEqual(engines)
  })

  it('--quiet: nothing', async () => {
    expect(await census(['list', 'sources', '--quiet'])).toMatchObject({ code: 0, stdout: '' })
  })
})
