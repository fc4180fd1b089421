# What gw1 should be: the text of an export, or less of it.
/ip dns static
add address=192.0.2.10 name=nms.example.org
add address=192.0.2.53 name=dns.example.org
/ip firewall address-list
add address=198.51.100.0/24 comment="partner network" list=partners
