/* A client program for a stick to start: client HOST PORT FILE sends one line and writes the line that comes back to FILE. */
#ifdef _WIN32
#include <winsock2.h>
typedef SOCKET line_t;
#else
#include <arpa/inet.h>
#include <sys/socket.h>
typedef int line_t;
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SAID[] = "hello from elsewhere\n";

int main(int count, char **words)
{
    struct sockaddr_in there = {0};
    char heard[256];
    int filled = 0;
    if (count != 4)
        return 20;
#ifdef _WIN32
    WSADATA started;
    if (WSAStartup(MAKEWORD(2, 2), &started) != 0)
        return 21;
#endif
    line_t line = socket(AF_INET, SOCK_STREAM, 0);
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = inet_addr(words[1]);
    there.sin_port = htons((unsigned short)atoi(words[2]));
    if (connect(line, (struct sockaddr *)&there, sizeof there) != 0)
        return 22;
    if (send(line, SAID, (int)strlen(SAID), 0) != (int)strlen(SAID))
        return 23;
    while (filled == 0 || heard[filled - 1] != '\n') {
        int got = filled < (int)sizeof heard ? (int)recv(line, heard + filled, sizeof heard - filled, 0) : 0;
        if (got <= 0)
            return 24;
        filled += got;
    }
    FILE *file = fopen(words[3], "wb");
    if (file == NULL || fwrite(heard, 1, filled, file) != (size_t)filled || fclose(file) != 0)
        return 25;
    return 0;
}
