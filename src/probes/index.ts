import type { Probe } from '../model/probe.ts'
import { adb } from './adb.ts'
import { bacnet } from './bacnet.ts'
import { coap } from './coap.ts'
import { cwmp } from './cwmp.ts'
import { dnp3 } from './dnp3.ts'
import { dns } from './dns.ts'
import { docker } from './docker.ts'
import { ethernetip } from './ethernetip.ts'
import { ethernetipTcp } from './ethernetip-tcp.ts'
import { fox } from './fox.ts'
import { ftp } from './ftp.ts'
import { http, https } from './http.ts'
import { iec104 } from './iec-104.ts'
import { imap } from './imap.ts'
import { ipmi } from './ipmi.ts'
import { ipp } from './ipp.ts'
import { ldap } from './ldap.ts'
import { mdns } from './mdns.ts'
import { memcached } from './memcached.ts'
import { memcachedUdp } from './memcached-udp.ts'
import { modbus } from './modbus.ts'
import { mqtt } from './mqtt.ts'
import { mysql } from './mysql.ts'
import { netbios } from './netbios.ts'
import { ntp } from './ntp.ts'
import { opcUa } from './opc-ua.ts'
import { pop3 } from './pop3.ts'
import { postgresql } from './postgresql.ts'
import { rdp } from './rdp.ts'
import { redis } from './redis.ts'
import { rtsp } from './rtsp.ts'
import { s7 } from './s7.ts'
import { sip } from './sip.ts'
import { smtp } from './smtp.ts'
import { snmp } from './snmp.ts'
import { ssdp } from './ssdp.ts'
import { ssh } from './ssh.ts'
import { telnet } from './telnet.ts'
import { vnc } from './vnc.ts'
import { wsDiscovery } from './ws-discovery.ts'

/** Every probe. Where two would ask the same port, the first has it. */
export const probes: readonly Probe[] = [
  smtp,
  pop3,
  imap,
  ntp,
  ssh,
  telnet,
  ftp,
  http,
  https,
  cwmp,
  rtsp,
  mqtt,
  rdp,
  vnc,
  adb,
  ipp,
  ldap,
  docker,
  mysql,
  postgresql,
  redis,
  memcached,
  memcachedUdp,
  dns,
  snmp,
  sip,
  ssdp,
  mdns,
  wsDiscovery,
  coap,
  netbios,
  ipmi,
  modbus,
  s7,
  bacnet,
  dnp3,
  ethernetip,
  ethernetipTcp,
  fox,
  iec104,
  opcUa,
]
