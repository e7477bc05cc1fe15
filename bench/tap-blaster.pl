# Sends frames into taps as hypervisors do, without regard for anybody (Node has no ioctl to open a tap).
#   perl tap-blaster.pl MS TAP,FRAMES_PER_MS,FRAME_HEX …
use strict;
use warnings;
use Time::HiRes qw(time sleep);

my ($ms, @guests) = @ARGV;
my @taps = map {
    my ($name, $count, $frame) = split /,/;
    open(my $handle, '+<', '/dev/net/tun') or die "/dev/net/tun: $!";
    my $request = pack('a16 S x22', $name, 0x0002 | 0x1000);    # IFF_TAP | IFF_NO_PI
    ioctl($handle, 0x400454ca, $request) or die "$name: $!";    # TUNSETIFF
    { handle => $handle, count => $count, frame => pack('H*', $frame) }
} @guests;

my $start = time;
my $sent = 0;
while ((my $passed = (time - $start) * 1000) < $ms) {
    for my $tap (@taps) {
        my $due = int($passed * $tap->{count}) - ($tap->{sent} // 0);
        # What a pause kept back is not made up for at once.
        $due = 64 if $due > 64;
        syswrite($tap->{handle}, $tap->{frame}) for 1 .. $due;
        $tap->{sent} = int($passed * $tap->{count});
    }
    sleep(0.001);
}
