/** Formats of report files; datapackage.json describes whatever there is. */
export const reportFormats = ['csv', 'html'] as const
export type ReportFormat = (typeof reportFormats)[number]
