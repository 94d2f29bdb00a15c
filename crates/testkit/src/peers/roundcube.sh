# After cyrus.sh: Roundcube before Cyrus, by PHP's own server with its code kept compiled.
php -r '
$database = new PDO("sqlite:/var/lib/roundcube/mail.db");
$database->exec(file_get_contents("/usr/share/roundcube/SQL/sqlite.initial.sql"));
'
chmod 666 /var/lib/roundcube/mail.db
cat >/etc/roundcube/config.inc.php <<'END'
<?php
$config = [];
$config['db_dsnw'] = 'sqlite:////var/lib/roundcube/mail.db?mode=0640';
$config['imap_host'] = 'localhost:143';
$config['des_key'] = 'Kutsche-Wiese-Brunnen-24';
$config['skin'] = 'elastic';
$config['plugins'] = [];
$config['log_dir'] = '/share/';
$config['temp_dir'] = '/tmp/';
END
PHP_CLI_SERVER_WORKERS=4 php -d opcache.enable=1 -d opcache.enable_cli=1 -d opcache.validate_timestamps=0 -d memory_limit=512M \
  -S 127.0.0.1:8080 -t /var/lib/roundcube/public_html >/share/roundcube.out 2>&1 &
await_port 8080
