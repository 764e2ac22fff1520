/** Formats of report files; datapackage.json describes whatever there is. */
export const reportFormats = ['csv', 'html', 'xlsx', 'parquet', 'geojson', 'md'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** What is written where no format is named. */
export const defaultFormats = ['csv', 'html'] as const satisfies readonly ReportFormat[]
