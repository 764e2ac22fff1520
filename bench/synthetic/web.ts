import type { Answer, Asked, Software } from './software.ts'
import { speak } from './software.ts'
import { weighted } from './random.ts'

const page = (server: string): string =>
  `HTTP/1.1 200 OK\r\nDate: %d\r\n${server}Last-Modified: %d\r\nETag: "%x-%x"\r\nAccept-Ranges: bytes\r\nContent-Length: 4%n\r\nVary: Accept-Encoding\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n`

const cameras: readonly Software[] = [
  {
    weight: 4,
    says: 'HTTP/1.1 401 Unauthorized\r\nServer: GoAhead-Webs\r\nDate: %d\r\nWWW-Authenticate: Digest realm="GoAhead", domain=":81",qop="auth", nonce="%x%x%x%x", opaque="%x%x%x%x",algorithm="MD5", stale="FALSE"\r\nContent-Type: text/html\r\n\r\n',
    product: 'GoAhead Embedded Web Server',
    cpe: 'a:embedthis:goahead',
    devicetype: 'webcam',
  },
  {
    weight: 3,
    says: 'HTTP/1.0 401 Unauthorized\r\nServer: Boa/%v\r\nDate: %d\r\nWWW-Authenticate: Basic realm="Network Camera"\r\nContent-Type: text/html\r\n\r\n',
    product: 'Boa HTTPd',
    versions: ['0.94.13', '0.94.14rc21'],
    devicetype: 'webcam',
  },
]

const servers: readonly Software[] = [
  ...cameras,
  {
    weight: 24,
    says: page('Server: Apache/%v (CentOS) PHP/5.3.3\r\n'),
    product: 'Apache httpd',
    versions: ['2.2.15', '2.4.6', '2.4.57'],
    cpe: 'a:apache:http_server',
  },
  {
    weight: 12,
    says: page('Server: Apache/%v (Ubuntu)\r\n'),
    product: 'Apache httpd',
    versions: ['2.4.7', '2.4.52'],
    cpe: 'a:apache:http_server',
  },
  { weight: 10, says: page('Server: Apache\r\n'), product: 'Apache httpd', cpe: 'a:apache:http_server' },
  {
    weight: 22,
    says: page('Server: nginx/%v\r\nX-Request-Id: %x%x\r\n'),
    product: 'nginx',
    versions: ['1.8.1', '1.18.0', '1.24.0'],
    cpe: 'a:igor_sysoev:nginx',
  },
  {
    weight: 8,
    says: page('Server: Microsoft-IIS/%v\r\nX-Powered-By: ASP.NET\r\n'),
    product: 'Microsoft IIS httpd',
    versions: ['6.0', '7.5', '8.5', '10.0'],
    cpe: 'a:microsoft:internet_information_services',
    os: 'Windows',
  },
  {
    weight: 4,
    says: page('Server: lighttpd/%v\r\n'),
    product: 'lighttpd',
    versions: ['1.4.28', '1.4.59'],
    cpe: 'a:lighttpd:lighttpd',
  },
  { weight: 13, says: page('X-Frame-Options: SAMEORIGIN\r\nSet-Cookie: sid=%x%x%x%x; path=/; HttpOnly\r\n') },
]

/*
 * Pages and certificates are written as JSON text from the start: printing them from objects would take longer than
 * everything else in a record together. Nothing that goes into them needs escaping.
 */

const servedBy = (list: readonly Software[]): ((asked: Asked) => Answer) => {
  const choose = weighted(list, (server) => server.weight)
  return (asked) => withPage(speak(choose(asked.random.next()), asked), asked)
}

export const http = servedBy(servers)
export const camera = servedBy(cameras)

function withPage(answer: Answer, asked: Asked): Answer {
  const { random, hostName } = asked
  const status = Number(answer.data.slice(9, 12))
  const title = status === 200 ? `Welcome to ${hostName}` : 'Document Error: Unauthorized'
  const name = /Server: ([^\r]*)/.exec(answer.data)?.[1]
  const html = `<!DOCTYPE html>\\n<html lang=\\"ja\\">\\n<head>\\n<meta charset=\\"utf-8\\">\\n<title>${title}</title>\\n</head>\\n<body>${asked.html()}</body>\\n</html>\\n`
  return {
    ...answer,
    details:
      `"http":{"status":${status},"robots_hash":null,"redirects":[],"securitytxt":null,"title":"${title}","sitemap_hash":null,` +
      `"robots":null,"headers_hash":${random.next() | 0},"host":"${hostName}","html":"${html}","location":"/","components":{},` +
      `"securitytxt_hash":null,"server":${name === undefined ? 'null' : `"${name}"`},"sitemap":null,"html_hash":${random.next() | 0}}`,
  }
}

const certificateTerms =
  '"sig_alg":"sha256WithRSAEncryption","issued":"20160101000000Z","expires":"20260101000000Z","expired":false,"version":2,' +
  '"pubkey":{"bits":2048,"type":"rsa"},"issuer":{"C":"JP","O":"Example Certificate Authority","CN":"Example CA 1"},'
const handshake =
  '"dhparams":null,"versions":["TLSv1","-SSLv2","-SSLv3","TLSv1.1","TLSv1.2","-TLSv1.3"],"acceptable_cas":[],' +
  '"tlsext":[{"id":65281,"name":"renegotiation_info"}],"alpn":["http/1.1"],"trust":{"revoked":false,"browser":null},"ocsp":{},' +
  '"cipher":{"version":"TLSv1/SSLv3","bits":256,"name":"ECDHE-RSA-AES256-GCM-SHA384"},' +
  '"handshake_states":["before/connect initialization","SSLv2/v3 write client hello","SSLv3 read server hello A"]'

export function https(asked: Asked): Answer {
  const { random, hostName } = asked
  const answer = http(asked)
  return {
    ...answer,
    details:
      `${answer.details},"ssl":{"chain_sha256":["${random.hex(64)}"],"jarm":"${random.hex(62)}",` +
      `"chain":["-----BEGIN CERTIFICATE-----\\nMIIF${asked.base64(1000)}\\n-----END CERTIFICATE-----\\n"],"cert":{${certificateTerms}` +
      `"extensions":[{"critical":true,"data":"\\\\x03\\\\x02\\\\x05\\\\xa0","name":"keyUsage"},{"data":"0\\\\x0b\\\\x82\\\\t${hostName}","name":"subjectAltName"}],` +
      `"fingerprint":{"sha256":"${random.hex(64)}","sha1":"${random.hex(40)}"},"serial":${random.next()},` +
      `"subject":{"CN":"${hostName}","O":"Example Organisation"}},${handshake}}`,
  }
}
