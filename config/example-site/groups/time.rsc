# What every device of the site has in common about time.
/system ntp client servers
add address=${ntp}
