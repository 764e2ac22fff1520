import type { Observation } from '../../../src/model/observation.ts'
import type { Head, ReadOptions, Reader, Reading } from '../../../src/model/reader.ts'

/** Bytes as an input of chunks of `size`. */
export async function* chunks(input: string | Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export const read = (
  reader: Reader,
  input: string | Uint8Array,
  options: Partial<ReadOptions> = {},
  chunkSize?: number,
): Promise<Reading[]> =>
  collect(reader.read(chunks(input, chunkSize), { fileName: 'input', maxRecordBytes: 100_000, ...options }))

export const observations = (readings: readonly Reading[]): Observation[] =>
  readings.flatMap((reading) => (reading.kind === 'record' ? [reading.observation] : []))

/** Kinds, and reasons of rejects: what a test of bad input looks at. */
export const kinds = (readings: readonly Reading[]): string[] =>
  readings.map((reading) => (reading.kind === 'reject' ? `reject ${reading.reason}` : reading.kind))

export const head = (text: string, fileName = 'input', whole = true): Head => ({ text, fileName, whole })

export const nmapXml = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<!-- Nmap 7.94 scan initiated as: nmap -sV -&#45;script=banner -oX out.xml 192.0.2.0/24 -->
<nmaprun scanner="nmap" args="nmap -sV" start="1714521600" version="7.94" xmloutputversion="1.05">
<scaninfo type="syn" protocol="tcp" numservices="3" services="22,25,443"/>
<hosthint><status state="up" reason="arp-response"/><address addr="192.0.2.9" addrtype="ipv4"/></hosthint>
<host><status state="down" reason="no-response"/><address addr="192.0.2.1" addrtype="ipv4"/></host>
<host starttime="1714521605" endtime="1714521665"><status state="up" reason="syn-ack"/>
<address addr="00:00:5E:00:53:01" addrtype="mac"/>
<address addr="192.0.2.10" addrtype="ipv4"/>
<hostnames><hostname name="mail.example.net" type="PTR"/></hostnames>
<ports><extraports state="closed" count="990"><extrareasons reason="reset" count="990"/></extraports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/><service name="ssh" product="OpenSSH" version="9.6" extrainfo="protocol 2.0" ostype="Linux" method="probed" conf="10"><cpe>cpe:/a:openbsd:openssh:9.6</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service><script id="banner" output="SSH-2.0-OpenSSH_9.6"/></port>
<port protocol="tcp" portid="443"><state state="open" reason="syn-ack"/><service name="http" product="nginx" tunnel="ssl" method="probed" conf="10" devicetype="webcam"/><script id="ssl-cert" output="Subject: commonName=caf&#xe9;"><table key="subject"><elem key="commonName">caf&#xe9;</elem></table></script><script id="http-server-header" output="nginx"><elem>nginx</elem></script></port>
<port protocol="tcp" portid="8009"><state state="open" reason="syn-ack"/><service name="ajp13" method="table" conf="3"/></port>
<port protocol="tcp" portid="8080"><state state="open" reason="syn-ack"/><service name="tcpwrapped" method="probed" conf="8"/></port>
<port protocol="tcp" portid="25"><state state="closed" reason="reset"/><service name="smtp" method="table" conf="3"/></port>
<port protocol="udp" portid="123"><state state="open|filtered" reason="no-response"/></port>
</ports>
<os><osmatch name="Linux 6.X" accuracy="95"><osclass type="general purpose"><cpe>cpe:/o:linux:linux_kernel:6</cpe></osclass></osmatch></os>
<hostscript><script id="clock-skew" output="mean: 0s"/></hostscript>
</host>
<host><status state="up"/><address addr="2001:db8::10" addrtype="ipv6"/><ports>
<port protocol="tcp" portid="80"><state state="filtered" reason="no-response"/></port></ports></host>
<runstats><finished time="1714521700" exit="success"/><hosts up="2" down="1" total="3"/></runstats>
</nmaprun>
`

export const masscanJson = `[
{   "ip": "192.0.2.20",   "timestamp": "1714521600", "ports": [ {"port": 80, "proto": "tcp", "status": "open", "reason": "syn-ack", "ttl": 54} ] }
,
{   "ip": "192.0.2.20",   "timestamp": "1714521601", "ports": [ {"port": 0, "proto": "icmp", "status": "open", "reason": "none", "ttl": 54} ] }
,
{   "ip": "192.0.2.20",   "timestamp": "1714521602", "ports": [ {"port": 80, "proto": "tcp", "service": {"name": "http", "banner": "HTTP/1.0 200 OK\\u000d\\u000aServer: caf\\u00c3\\u00a9\\u000d\\u000a"} } ] }
,
{   "ip": "2001:db8::20",   "timestamp": "1714521603", "ports": [ {"port": 22, "proto": "tcp", "status": "closed", "reason": "rst", "ttl": 54} ] }
]
`

export const masscanList = `#masscan
open tcp 80 192.0.2.20 1714521600
open icmp 0 192.0.2.20 1714521601
banner tcp 80 192.0.2.20 1714521602 http HTTP/1.0 200 OK\\x0d\\x0aServer: caf\\xc3\\xa9\\x0d\\x0a
closed tcp 22 2001:db8::20 1714521603
# end
`

export const masscanNdjson = `{"ip":"192.0.2.20","timestamp":"1714521600","port":80,"proto":"tcp","rec_type":"status","data":{"status":"open","reason":"syn-ack","ttl":54}}
{"ip":"192.0.2.20","timestamp":"1714521601","port":0,"proto":"icmp","rec_type":"status","data":{"status":"open","reason":"none","ttl":54}}
{"ip":"192.0.2.20","timestamp":"1714521602","port":80,"proto":"tcp","rec_type":"banner","data":{"service_name":"http","banner":"HTTP/1.0 200 OK\\u000d\\u000aServer: caf\\u00c3\\u00a9\\u000d\\u000a"}}
{"ip":"2001:db8::20","timestamp":"1714521603","port":22,"proto":"tcp","rec_type":"status","data":{"status":"closed","reason":"rst","ttl":54}}
`

const masscanHost = (time: number, ip: string, port: string): string =>
  `<host endtime="${time}"><address addr="${ip}" addrtype="ipv4"/><ports>${port}</ports></host>\r\n`

export const masscanXml = `<?xml version="1.0"?>\r
<!-- masscan v1.0 scan -->\r
<nmaprun scanner="masscan" start="1714521600" version="1.0-BETA"  xmloutputversion="1.03">\r
<scaninfo type="syn" protocol="tcp" />\r
${masscanHost(1714521600, '192.0.2.20', '<port protocol="tcp" portid="80"><state state="open" reason="syn-ack" reason_ttl="54"/></port>')}${masscanHost(1714521601, '192.0.2.20', '<port protocol="icmp" portid="0"><state state="open" reason="none" reason_ttl="54"/></port>')}${masscanHost(1714521602, '192.0.2.20', '<port protocol="tcp" portid="80"><state state="open" reason="response" reason_ttl="54" /><service name="http" banner="HTTP/1.0 200 OK\\x0d\\x0aServer: caf\\xc3\\xa9\\x0d\\x0a"></service></port>')}${masscanHost(1714521603, '2001:db8::20', '<port protocol="tcp" portid="22"><state state="closed" reason="rst" reason_ttl="54"/></port>')}<runstats>\r
<finished time="1714521604" timestr="2024-05-01 00:00:04" elapsed="4" />\r
</runstats>\r
</nmaprun>\r
`

export const zmapCsv = `saddr,sport,classification,success,repeat,timestamp_ts,timestamp_us
192.0.2.30,80,synack,1,0,1714521600,42
192.0.2.31,80,rst,0,0,1714521601,0
`

export const scanNtp = `"timestamp","severity","ip","protocol","port","hostname","tag","asn","geo","region","city","naics","hostname_source","sector","version","system"
"2024-05-01 00:01:02","medium","192.0.2.40","udp",123,"ntp.example.jp","ntpversion",64496,"JP","TOKYO","CHIYODA",517311,"ptr","Communications, Service Provider","ntpd 4.2.6p5@1.2349-o \\xff\\xfd","Linux/2.6.32"
"2024-05-01 00:01:03","medium","2001:db8::40","udp",123,,"ntpversion;old",64497,"JP","OSAKA",,0,,,"ntpd
4.2.8 ""quoted""",
`

export const plainCsv = `ip;port;service;country_code;region;lat;lon;banner;timestamp
192.0.2.50;25;smtp;JP;Tokyo;35.69;139.69;"220 mx; ready";2024-05-01T00:00:00Z
192.0.2.51;80;;JP;;;;;2024-05-01 00:00:01
`
