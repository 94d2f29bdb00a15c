# Runs as process 1 of a fresh mount, process, host-name and (mostly) network namespace; when it ends, the kernel ends
# everything it started. $1: the private root, $2: a folder with share/ and mnt/, $3: seconds a script may take.
# Each line on the standard input is the number of a script in share/; each answer is "number exit-code".
# The end of the input is the order to stop: it also comes when the test is killed.
set -eu
root=$1 dir=$2 limit=$3
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount --make-rprivate /
mount -t tmpfs tmpfs "$dir/mnt"
mkdir "$dir/mnt/upper" "$dir/mnt/work" "$dir/mnt/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$dir/mnt/upper,workdir=$dir/mnt/work" "$dir/mnt/root"
inside=$dir/mnt/root
mount -t proc proc "$inside/proc"
mount --rbind /dev "$inside/dev"
mount -t tmpfs tmpfs "$inside/run"
mount -t tmpfs -o mode=1777 tmpfs "$inside/tmp"
mkdir -p "$inside/share"
mount --bind "$dir/share" "$inside/share"
echo "0 0"
while read -r number; do
  code=0
  timeout "$limit" chroot "$inside" /usr/bin/env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 \
    /bin/sh -eu "/share/run-$number.sh" >"$dir/share/run-$number.log" 2>&1 </dev/null || code=$?
  echo "$number $code"
done
