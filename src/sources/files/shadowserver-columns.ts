/** Where a report says whose product answered. Column names, the first that says something wins; `=Text` is said by the report itself. */
interface ReportColumns {
  readonly vendor: readonly string[]
  readonly product: readonly string[]
  readonly version: readonly string[]
  readonly os: readonly string[]
  readonly banner: readonly string[]
}

const usual: ReportColumns = {
  vendor: ['device_vendor'],
  product: ['device_model'],
  version: ['device_version'],
  os: [],
  banner: ['banner'],
}

/** What the reports have beyond the usual columns: https://github.com/The-Shadowserver-Foundation/report_schema. */
const reports: Readonly<Record<string, Partial<ReportColumns>>> = {
  scan_activemq: { vendor: ['vendor'], product: ['=ActiveMQ'], version: ['version'] },
  scan_adb: { product: ['device_model', 'model'] },
  scan_afp: { banner: ['machine_type'] },
  scan_amqp: { product: ['product'], version: ['product_version'] },
  scan_ard: { banner: ['machine_name'] },
  scan_coap: { banner: ['response'] },
  scan_couchdb: { product: ['=CouchDB'], version: ['couchdb_version'], banner: ['server_version'] },
  scan_dns: { banner: ['dns_version'] },
  scan_docker: { product: ['=Docker'], version: ['version'], os: ['os'] },
  scan_dvr_dhcpdiscover: { vendor: ['device_vendor', 'manufacturer'] },
  scan_elasticsearch: { product: ['=Elasticsearch'], version: ['version'] },
  scan_exchange: { vendor: ['=Microsoft'], product: ['=Exchange Server'], version: ['version'] },
  scan_hadoop: { product: ['=Hadoop'], version: ['version'] },
  scan_ipmi: { vendor: ['manufacturername'], product: ['productname'], version: ['version', 'firmwarerev'] },
  scan_ipp: { product: ['device_model', 'printer_make_and_model'], banner: ['cups_version', 'printer_info'] },
  scan_kubernetes: { product: ['=Kubernetes'], version: ['git_version', 'version'] },
  scan_mdns: { banner: ['services'] },
  scan_memcached: { product: ['=memcached'], version: ['version'] },
  scan_mongodb: { product: ['=MongoDB'], version: ['version'], os: ['sysinfo'] },
  scan_mssql: { vendor: ['=Microsoft'], product: ['=SQL Server'], version: ['version'] },
  scan_mysql: { version: ['server_version'], banner: ['server_version', 'error_message'] },
  scan_ntp: { os: ['system'], banner: ['version'] },
  scan_portmapper: { banner: ['programs'] },
  scan_qotd: { banner: ['quote'] },
  scan_redis: { product: ['=Redis'], version: ['version'], os: ['os'] },
  scan_rsync: { banner: ['motd'] },
  scan_sip: { banner: ['server', 'user_agent'] },
  scan_smb: { banner: ['smb_version_string'] },
  scan_snmp: { vendor: ['device_vendor', 'vendor'], banner: ['sysdesc'] },
  scan_ssdp: { banner: ['server', 'header'] },
  scan_ssh: { banner: ['banner', 'serverid_raw'] },
  scan_stun: { banner: ['software'] },
  scan_tftp: { banner: ['errormessage'] },
  scan_ubiquiti: { vendor: ['=Ubiquiti'], product: ['modelfull', 'modelshort'], version: ['firmware'] },
  scan_vnc: { product: ['device_model', 'product'], banner: ['banner'] },
}

/** The columns of one type of report (`scan_ntp`); the usual ones where it has none of its own or is not known. */
export const reportColumns = (type: string | undefined): ReportColumns => ({
  ...usual,
  ...(type !== undefined && Object.hasOwn(reports, type) ? reports[type] : {}),
})
