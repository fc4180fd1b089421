/** The router of the demo when no export is given: a small office, written by hand. */

export const demoExport = `# 2026-11-20 09:15:02 by RouterOS 7.18.2
# software id = DEMO-0001
#
# model = RB5009UG+S+
# serial number = DEMO00000001
/interface bridge
add name=bridge-lan
/interface ethernet
set [ find default-name=ether1 ] name=ether1-wan
/interface list
add name=WAN
add name=LAN
/ip pool
add name=pool-lan ranges=192.0.2.100-192.0.2.199
/ip dhcp-server
add address-pool=pool-lan interface=bridge-lan name=dhcp-lan
/interface bridge port
add bridge=bridge-lan interface=ether2
add bridge=bridge-lan interface=ether3
/interface list member
add interface=ether1-wan list=WAN
add interface=bridge-lan list=LAN
/ip address
add address=192.0.2.1/24 interface=bridge-lan network=192.0.2.0
/ip dhcp-client
add interface=ether1-wan
/ip dhcp-server network
add address=192.0.2.0/24 dns-server=192.0.2.1 gateway=192.0.2.1
/ip dns
set allow-remote-requests=yes
/ip firewall address-list
add address=198.51.100.10 comment="head office" list=office
/ip firewall filter
add action=accept chain=input comment=established connection-state=\\
    established,related
add action=accept chain=input comment=management in-interface-list=LAN
add action=drop chain=input comment="drop the rest"
add action=accept chain=forward connection-state=established,related
add action=drop chain=forward comment="from outside" in-interface-list=WAN
/ip firewall nat
add action=masquerade chain=srcnat out-interface-list=WAN
/ip service
set telnet disabled=yes
set ftp disabled=yes
/system clock
set time-zone-name=Europe/Budapest
/system identity
set name=gw1
`;
