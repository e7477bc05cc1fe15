# A guest: its process id is its machine, its standard output its console, and it does nothing for ten minutes.
echo booting
echo $$ > "$1/pid"
echo ready
exec sleep 600
