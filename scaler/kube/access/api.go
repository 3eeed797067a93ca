package access

import (
	"log/slog"
	"time"
)

// API is the way to the API server, as every part of the adapter needs it: whoever sends a request notes how it ended
// in Rights.
type API struct {
	Clients      Clients
	Installation Installation // whose requests these are
	Rights       *Rights
	Log          *slog.Logger
	Clock        func() time.Time
}

// NewAPI is the API server behind the clients, with all permissions until a request is refused.
func NewAPI(c Clients, own Installation, log *slog.Logger) API {
	return API{Clients: c, Installation: own, Rights: NewRights(log, time.Now), Log: log, Clock: time.Now}
}
