import type { Probe } from '../model/probe.ts'
import { adb } from './adb.ts'
import { cwmp } from './cwmp.ts'
import { docker } from './docker.ts'
import { ftp } from './ftp.ts'
import { http, https } from './http.ts'
import { imap } from './imap.ts'
import { ipp } from './ipp.ts'
import { ldap } from './ldap.ts'
import { memcached } from './memcached.ts'
import { mqtt } from './mqtt.ts'
import { mysql } from './mysql.ts'
import { ntp } from './ntp.ts'
import { pop3 } from './pop3.ts'
import { postgresql } from './postgresql.ts'
import { rdp } from './rdp.ts'
import { redis } from './redis.ts'
import { rtsp } from './rtsp.ts'
import { smtp } from './smtp.ts'
import { ssh } from './ssh.ts'
import { telnet } from './telnet.ts'
import { vnc } from './vnc.ts'

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
]
