/** Formats of report files; datapackage.json describes whatever there is. */
export const reportFormats = ['csv', 'html', 'xlsx', 'parquet', 'geojson', 'md'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** What is written where no format is named. */
export const defaultFormats = ['csv', 'html'] as const satisfies readonly ReportFormat[]

/** How CSV files are written. */
export interface CsvDialect {
  readonly delimiter: ',' | ';'
  readonly decimalMark: '.' | ','
  /** Whether files begin with a byte order mark, by which Excel knows UTF-8. */
  readonly hasMark: boolean
}

/** RFC 4180: what is written where nothing else is asked for. */
export const plainCsv: CsvDialect = { delimiter: ',', decimalMark: '.', hasMark: false }
