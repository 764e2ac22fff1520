import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { plainCsv, reportFormats, type CsvDialect } from '../../src/model/report-format.ts'
import { addresses, reportOn, withFolder } from '../helpers/census.ts'

/*
 * What the specifications ask of a description: Data Package and Data Resource 1.0, Tabular Data Resource 1.0, CSV Dialect 1.2
 * and Table Schema 1.0 (specs.frictionlessdata.io).
 */
const field = z.object({
  name: z.string().min(1),
  type: z.enum(['string', 'integer', 'number', 'datetime']),
  description: z.string().min(1),
  decimalChar: z.string().length(1).optional(),
})
const schema = z.object({ fields: z.array(field).min(1), missingValues: z.array(z.string()) })
const resource = {
  name: z.string().regex(/^[-a-z0-9._/]+$/),
  // Relative, without a step up.
  path: z.string().regex(/^(?![./~])(?!.*\.\.)\S+$/),
  bytes: z.int().min(0),
  hash: z.string().regex(/^[^:]+:[a-fA-F0-9]+$/),
  format: z.string(),
  mediatype: z.string().regex(/^.+\/.+$/),
}
const tabular = z.object({
  ...resource,
  profile: z.literal('tabular-data-resource'),
  encoding: z.literal('utf-8'),
  dialect: z.object({
    delimiter: z.string().length(1),
    lineTerminator: z.literal('\r\n'),
    quoteChar: z.literal('"'),
    doubleQuote: z.literal(true),
    header: z.literal(true),
  }),
  schema,
})
const other = z.object({
  ...resource,
  profile: z.literal('data-resource'),
  encoding: z.literal('utf-8').optional(),
  schema: schema.optional(),
})
const described = z.object({
  profile: z.enum(['data-package', 'tabular-data-package']),
  name: z.string().regex(/^[-a-z0-9._/]+$/),
  title: z.string(),
  version: z.string(),
  sources: z.array(z.object({ title: z.string().min(1) })),
  licenses: z.array(z.object({ name: z.string().regex(/^[-a-zA-Z0-9._]+$/), title: z.string() })).min(1),
  resources: z.array(z.discriminatedUnion('profile', [tabular, other])).min(1),
})

/** Text of a cell as its field says it is written. */
const forms = (decimalChar: string): Readonly<Record<z.infer<typeof field>['type'], RegExp>> => ({
  string: /^/,
  integer: /^-?\d+$/,
  number: decimalChar === ',' ? /^-?\d+(,\d+)?$/ : /^-?\d+(\.\d+)?$/,
  datetime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
})

const excel: CsvDialect = { delimiter: ';', decimalMark: ',', hasMark: true }

it.each([
  ['all formats', reportFormats, plainCsv],
  ['tables alone', ['csv'] as const, plainCsv],
  ['tables for Excel', ['csv'] as const, excel],
])('datapackage.json is one, and reads every table: %s', async (_, formats, csv) => {
  await withFolder(async (folder) => {
    const seen = addresses(30).map((ip, index) => {
      const product = ['Postfix', '=1+1', 'a;b,"c"\r\n'][index % 3] ?? ''
      return { ip, service: 'smtp', region: 'JP-13', observedAt: '2016-05-01T00:00:00Z', product }
    })
    const made = await reportOn(folder, seen, { formats, csv })
    const { profile, resources } = described.parse(
      JSON.parse(await readFile(join(made.folder, 'datapackage.json'), 'utf8')),
    )
    expect(profile).toBe(formats.length === 1 ? 'tabular-data-package' : 'data-package')
    expect(new Set(resources.map(({ name }) => name)).size).toBe(resources.length)
    expect([...resources.map(({ path }) => path), 'datapackage.json']).toEqual(
      made.report.files.map(({ name }) => name),
    )
    let cells = 0
    for (const each of resources) {
      if (each.profile !== 'tabular-data-resource') continue
      const { fields, missingValues } = each.schema
      const [head, ...rows]: string[][] = parse(await readFile(join(made.folder, each.path), 'utf8'), {
        bom: true,
        delimiter: each.dialect.delimiter,
        record_delimiter: each.dialect.lineTerminator,
      })
      expect(head).toEqual(fields.map(({ name }) => name))
      for (const row of rows)
        for (const [index, { name, type, decimalChar = '.' }] of fields.entries()) {
          const cell = row[index] ?? ''
          if (missingValues.includes(cell)) continue
          expect(forms(decimalChar)[type].test(cell), `${each.path} ${name}: ${cell}`).toBe(true)
          cells++
        }
    }
    expect(cells).toBeGreaterThan(1000)
  })
})
