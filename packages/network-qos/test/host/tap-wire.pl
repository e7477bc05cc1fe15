# Opens a tap as a hypervisor does, which Node cannot (it has no ioctl).
#   perl tap-wire.pl wire TAP NETNS    joins it to eth0 in another network namespace: the guest's own interface
#   perl tap-wire.pl frames TAP        sends each line of stdin (a frame in hex) and prints the frames that come
# Ends with its stdin.
use strict;
use warnings;

my ($mode, $tap, $namespace) = @ARGV;
my %setns = (x86_64 => 308, aarch64 => 268);
chomp(my $machine = `uname -m`);

sub open_tap {
    my ($name) = @_;
    open(my $handle, '+<', '/dev/net/tun') or die "/dev/net/tun: $!";
    my $request = pack('a16 S x22', $name, 0x0002 | 0x1000);    # IFF_TAP | IFF_NO_PI
    ioctl($handle, 0x400454ca, $request) or die "$name: $!";    # TUNSETIFF
    return $handle;
}

my $near = open_tap($tap);
my $far;
if ($mode eq 'wire') {
    open(my $entry, '<', $namespace) or die "$namespace: $!";
    syscall($setns{$machine}, fileno($entry), 0) == 0 or die "setns: $!";
    $far = open_tap('eth0');
}
$| = 1;
print "ready\n";

my $pending = '';
while (1) {
    my $ready = '';
    vec($ready, fileno($_), 1) = 1 for grep { defined } *STDIN, $near, $far;
    select($ready, undef, undef, undef);
    if (vec($ready, fileno(STDIN), 1)) {
        sysread(STDIN, my $typed, 65536) or last;
        $pending .= $typed;
        while ($pending =~ s/^([0-9a-f]*)\n//) { syswrite($near, pack('H*', $1)) }
    }
    if (vec($ready, fileno($near), 1) && sysread($near, my $frame, 65536)) {
        if (defined $far) { syswrite($far, $frame) }
        else { print unpack('H*', $frame), "\n" }
    }
    if (defined $far && vec($ready, fileno($far), 1) && sysread($far, my $frame, 65536)) {
        syswrite($near, $frame);
    }
}
