# $people: a line `name password` each. $operator, $operator_password: who may act for everybody. $plaintext: whether
# somebody may sign in without TLS, `yes` or `no`. $without: capabilities of IMAP that it does not offer.
hostname mail.amt.test
cd /share
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=Mail-Authority \
  -keyout authority.key -out authority.pem -addext basicConstraints=critical,CA:TRUE 2>openssl.log
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
  -keyout server.key -out server.csr 2>>openssl.log
printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' >server.ext
openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -days 7 -extfile server.ext \
  -out server.pem 2>>openssl.log
chmod 644 server.key

# --- Cyrus: IMAP and ManageSieve, and LMTP from Exim alone ---
cat >/etc/imapd.conf <<END
configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
defaultpartition: default
partition-default: /var/spool/cyrus/mail
servername: mail.amt.test
defaultdomain: amt.test
virtdomains: off
altnamespace: yes
unixhierarchysep: yes
conversations: yes
admins: cyrus
proxyservers: $operator
allowplaintext: ${plaintext:-no}
sasl_mech_list: PLAIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
tls_server_cert: /share/server.pem
tls_server_key: /share/server.key
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: Drafts|Sent|Trash|Junk|Archive
autocreate_subscribe_folders: Drafts|Sent|Trash|Junk|Archive
xlist-drafts: Drafts
xlist-sent: Sent
xlist-trash: Trash
xlist-junk: Junk
xlist-archive: Archive
lmtp_downcase_rcpt: yes
sievedir: /var/spool/sieve
sieveusehomedir: no
sieve_vacation_min_response: 60
lmtpsocket: /run/cyrus/socket/lmtp
idlesocket: /run/cyrus/socket/idle
notifysocket: /run/cyrus/socket/notify
sendmail: /usr/sbin/sendmail
maxmessagesize: 62914560
${without:+suppress_capabilities: $without}
syslog_prefix: cyrus
umask: 077
END
cat >/etc/cyrus.conf <<'END'
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
DAEMON {
  idled cmd="idled"
}
SERVICES {
  imap cmd="imapd" listen="127.0.0.1:143" prefork=1 maxchild=100
  imaps cmd="imapd -s" listen="127.0.0.1:993" prefork=0 maxchild=100
  sieve cmd="timsieved" listen="127.0.0.1:4190" prefork=0 maxchild=100
  lmtp cmd="lmtpd" listen="/run/cyrus/socket/lmtp" prefork=0 maxchild=20
}
EVENTS {
  checkpoint cmd="/usr/sbin/cyrus ctl_cyrusdb -c" period=30
}
END
# Cyrus tells what it does to the system's log only. There is none, and the machine's /dev must not get one.
mount -t tmpfs -o mode=755 tmpfs /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
mkdir -m 1777 /dev/shm
socat -u "UNIX-RECV:/dev/log,mode=666" "OPEN:/share/mail.log,creat,append" >>/share/logger.out 2>&1 &

echo "$people" | while read -r name password; do
  printf %s "$password" | saslpasswd2 -p -c -u mail.amt.test "$name"
done
printf %s "$operator_password" | saslpasswd2 -p -c -u mail.amt.test "$operator"
printf %s "$operator_password" | saslpasswd2 -p -c -u mail.amt.test cyrus
chown cyrus:mail /etc/sasldb2
mkdir -p /run/cyrus/proc /run/cyrus/lock /run/cyrus/socket /var/spool/sieve
chown -R cyrus:mail /run/cyrus /var/spool/sieve /var/lib/cyrus /var/spool/cyrus
chmod 755 /run/cyrus /run/cyrus/socket
cyrmaster -p /run/cyrmaster.pid >/share/cyrus.out 2>&1 &
await_port 143
await_port 993
await_port 4190

# --- Exim: takes messages by TLS from whoever signs in, and brings what is for the house to Cyrus ---
cat >/etc/exim4/exim4.conf <<END
primary_hostname = mail.amt.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = 587 : 465
tls_on_connect_ports = 465
tls_advertise_hosts = *
tls_certificate = /share/server.pem
tls_privatekey = /share/server.key
log_file_path = /share/exim-%slog
keep_environment =
trusted_users = cyrus
message_size_limit = 60M
acl_smtp_rcpt = rcpt
acl_not_smtp = accept
begin acl
rcpt:
  # What Cyrus itself answers comes from this machine without a connection.
  accept  hosts = :
  require authenticated = *
          encrypted = *
  deny    local_parts = nobody
          message = no such person here
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = \$auth2
  server_advertise_condition = \${if def:tls_in_cipher}
  server_condition = \${if and{{eq{\$auth2}{$operator}}{eq{\$auth3}{$operator_password}}}}
begin routers
house:
  driver = accept
  domains = amt.test
  transport = cyrus
outside:
  driver = accept
  transport = keep
begin transports
cyrus:
  driver = lmtp
  socket = /run/cyrus/socket/lmtp
  batch_max = 100
  user = cyrus
keep:
  driver = appendfile
  directory = /share/mail
  maildir_format
  create_directory
  user = Debian-exim
  mode = 0644
  directory_mode = 0755
END
exim4 -bdf -q30s >/share/exim.out 2>&1 &
await_port 587
await_port 465
