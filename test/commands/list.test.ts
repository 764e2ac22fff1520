import { join } from 'node:path'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { listCommand } from '../../src/commands/list.ts'
import { formatIds } from '../../src/model/reader.ts'
import { checks } from '../../src/probes/checks/index.ts'
import { probes } from '../../src/probes/index.ts'
import { makeSnapshot, withFolder } from '../helpers/census.ts'
import { globals, recorded } from '../helpers/cli.ts'

const list = async (topic: string, store: string, options = {}, global = {}): Promise<string> => {
  const console = recorded()
  expect(await listCommand(topic, options, globals(store, global), console)).toBe(0)
  expect(console.stderr()).toBe('')
  return console.stdout()
}

describe('census list', () => {
  it.each(['services', 'formats', 'regions'])('%s: a table in 80 columns, or one JSON array', async (topic) => {
    const text = await list(topic, 'no-store')
    for (const line of text.split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(80)
    const json = JSON.parse(await list(topic, 'no-store', {}, { json: true })) as unknown[]
    expect(json).toHaveLength(text.trimEnd().split('\n').length - 1)
    expect(await list(topic, 'no-store', {}, { quiet: true })).toBe('')
  })

  it('probes, and checks with what they go with', async () => {
    const text = await list('probes', 'no-store')
    for (const line of text.slice(text.indexOf('\nopen-relay')).split('\n'))
      expect(stringWidth(line), line).toBeLessThanOrEqual(80)
    expect(text).toMatch(/\n\nopen-relay \(goes with smtp; only where --checks names it\)\n {2}sends {5}MAIL and RCPT /)
    const json = JSON.parse(await list('probes', 'no-store', {}, { json: true })) as { id: string; probe?: string }[]
    expect(json).toHaveLength(probes.length + checks.length)
    expect(json.filter(({ probe }) => probe !== undefined).map(({ id }) => id)).toEqual(checks.map(({ id }) => id))
  })

  it('formats are those --format takes', async () => {
    const json = JSON.parse(await list('formats', '', {}, { json: true })) as { id: string }[]
    expect(json.map(({ id }) => id)).toEqual([...formatIds])
  })

  it('regions of a country, with names and populations', async () => {
    const text = await list('regions', '', { country: '日本' })
    expect(text.trimEnd().split('\n')).toHaveLength(48)
    expect(text).toMatch(/^JP-13 +Tokyo +東京都 +[\d,]+ +20\d\d$/m)
    await expect(listCommand('regions', { country: 'Nihonn' }, globals(''), recorded())).rejects.toMatchObject({
      exit: 2,
    })
  })

  it('snapshots of a store, and of none', async () => {
    await withFolder(async (folder) => {
      const store = join(folder, 'store')
      expect(await list('snapshots', store)).toContain('holds no snapshot')
      expect(JSON.parse(await list('snapshots', store, {}, { json: true }))).toEqual([])
      await makeSnapshot(store, 'b', [{ ip: '198.18.0.1', service: 'smtp', observedAt: '2016-05-01T00:00:00Z' }])
      await makeSnapshot(store, 'a', [], { missing: ['all of it'] })
      const lines = (await list('snapshots', store)).split('\n')
      expect(lines[1]).toMatch(/^a .* 0 +partial$/)
      expect(lines[2]).toMatch(/^b +shodan +2016-05-01 +2016-05-01 +1 +complete$/)
    })
  })

  it('of something else: exit 2, naming the lists', async () => {
    await expect(listCommand('region', {}, globals(''), recorded())).rejects.toMatchObject({
      exit: 2,
      hint: expect.stringContaining('regions') as unknown,
    })
  })
})
