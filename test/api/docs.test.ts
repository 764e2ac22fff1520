import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { facets } from '../../src/api/query.ts'
import { filters, maxQueryLength } from '../../src/api/query.ts'
import { repository } from '../helpers/source-graph.ts'
import { quickstart, served, type Served } from './served.ts'

const document = readFileSync(join(repository, 'docs', 'api.md'), 'utf8')
const part = (heading: string): string => document.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
const cells = (text: string): string[] => [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell)

let api: Served
beforeAll(async () => {
  api = await served([quickstart], { key: 'a-key-of-your-own' })
})
afterAll(() => api.close())

describe('docs/api.md', () => {
  test('names every filter and every facet', () => {
    expect(cells(part('Queries'))).toEqual(filters.toSorted())
    const [, list = ''] = /Facets:\n?([^.]*(?:shodan\.module)?[^.]*)\. What/.exec(part('Facets')) ?? []
    expect([...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual(facets)
    expect(part('Limits')).toContain(`${maxQueryLength} characters`)
  })

  test('names paths that are answered', async () => {
    const paths = cells(part('Paths'))
    expect(paths).toHaveLength(9)
    for (const path of paths) {
      const target = `${path.replace('{ip}', '198.51.100.153')}?key=a-key-of-your-own&query=port:25`
      expect((await fetch(api.url + target)).status, path).toBe(200)
    }
  })

  const examples = [...document.matchAll(/^\$ curl -s 'http:\/\/127\.0\.0\.1:8417(.*)'\n(.*)\n/gm)]
  test.each(examples.map(([, target = '', output = '']) => ({ target, output })))(
    'the example $target prints what it prints',
    async ({ target, output }) => {
      expect((await (await fetch(api.url + target)).text()).trimEnd()).toBe(output)
    },
  )
  test('has examples', () => expect(examples).toHaveLength(5))
})
