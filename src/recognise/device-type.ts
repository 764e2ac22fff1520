/** The closed list of device types in reports; '' stands for not known or a general-purpose computer. */
export const deviceTypes = [
  'webcam',
  'video recorder',
  'router',
  'modem',
  'wireless access point',
  'switch',
  'firewall',
  'vpn gateway',
  'load balancer',
  'proxy server',
  'network device',
  'printer',
  'storage',
  'media device',
  'phone',
  'voip gateway',
  'video conferencing',
  'industrial',
  'building automation',
  'power device',
  'terminal server',
  'remote management',
  'mail appliance',
  'security device',
  'game console',
  'point of sale',
  'medical',
] as const
export type DeviceType = (typeof deviceTypes)[number]

/** Other words for them: nmap's and Shodan's device types, Censys' and Shadowserver's, and the plurals. */
const synonyms: Readonly<Record<DeviceType, RegExp>> = {
  webcam: /^(web ?cam|(ip|network|surveillance) ?camera|camera|cctv)s?$/,
  'video recorder': /^((digital |network )?video recorder|d?vr|nvr|dvr nvr)s?$/,
  router: /^(((broadband|home|wifi|wireless|dsl|soho) ?)?router|home gateway|gateway|cpe)$/,
  modem: /^((cable|dsl|adsl|vdsl|docsis) ?)?modem$/,
  'wireless access point': /^(wap|(wireless )?access point|ap|wlan repeater|wireless)$/,
  switch: /^(ethernet |network )?(switch|hub|bridge)$/,
  firewall: /^(firewall|utm|next gen firewall)$/,
  'vpn gateway': /^(ssl )?vpn( gateway| server| appliance)?$/,
  'load balancer': /^(load balancer|adc|application delivery controller)$/,
  'proxy server': /^(web )?proxy( server)?$/,
  'network device': /^(network( device| appliance| misc)?|telecom misc|broadband|pbx misc)$/,
  printer: /^(printer|print server|multifunction( device)?|mfp|scanner|copier)$/,
  storage: /^(storage( misc| appliance)?|nas|network attached storage|san)$/,
  'media device': /^(media( device| server| player| receiver)?|(smart )?tv|set top box|iptv|network audio|television)$/,
  phone: /^(phone|(voip|ip) phone|mobile)$/,
  'voip gateway': /^(voip( adapter| gateway| server| device)?|pbx|sip( gateway| device)?|voice)$/,
  'video conferencing': /^(video conferencing|telepresence|conference)$/,
  industrial: /^(industrial( control)?|ics|scada|plc|hmi|ethernet adapter|rtu|hmi controller|data logger)$/,
  'building automation':
    /^(building automation|environment control|access control|home automation|bms|smart home|iot)$/,
  'power device': /^(power( device| misc)?|ups|pdu|power relay|smart meter|solar)$/,
  'terminal server': /^(terminal( server)?|device server|serial server|console server)$/,
  'remote management': /^(remote management|lights out management|bmc|kvm|ipmi|server management)$/,
  'mail appliance': /^(mail|email)( security)?( appliance| gateway)$/,
  'security device': /^(security( misc| device)?|ids|ips|waf|alarm( panel)?)$/,
  'game console': /^game console$/,
  'point of sale': /^(point of sale|pos)$/,
  medical: /^medical( device)?$/,
}

/** A source's device type as one of the closed list; '' for none, for `general purpose` and for words of no list. */
export function deviceType(told: string | undefined): DeviceType | '' {
  const words = (told ?? '')
    .slice(0, 80)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
  return deviceTypes.find((type) => type === words || synonyms[type].test(words)) ?? ''
}
