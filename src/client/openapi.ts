/** Made of docs/generated/openapi.json by openapi-typescript (npm run docs). Do not edit. */

export interface paths {
    "/api/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The version of understudyd */
        get: operations["version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A session of 12 hours, as token and as cookie */
        post: operations["signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session */
        post: operations["signOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in */
        get: operations["session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Another password for oneself; one's other sessions and tokens end */
        put: operations["passwordChange"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All users */
        get: operations["userList"];
        put?: never;
        /** Add a user */
        post: operations["userAdd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a user; their sessions end */
        delete: operations["userRemove"];
        options?: never;
        head?: never;
        /** Another role, another password, or both; with another password their sessions and tokens end */
        patch: operations["userSet"];
        trace?: never;
    };
    "/api/users/{user}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A token for a program, such as a Prometheus elsewhere; it ends with the user, or with another password of theirs */
        post: operations["userToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{user}/certificates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The client certificates of a user */
        get: operations["userCertificates"];
        put?: never;
        /** Let a client certificate stand for a user */
        post: operations["userCertificateAdd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{user}/certificates/{fingerprint}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** A certificate stands for nobody */
        delete: operations["userCertificateRemove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The machines of this host and of all that it is paired with; of a host that is out of reach, what it told last */
        get: operations["overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All virtual machines of this host */
        get: operations["machineList"];
        put?: never;
        /** Define a machine, or change the definition of one with the same id */
        post: operations["machineDefine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One machine and its definition */
        get: operations["machineShow"];
        put?: never;
        post?: never;
        /** Forget the machine; its disks are kept */
        delete: operations["machineUndefine"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Boot the guest */
        post: operations["machineStart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Shut the guest down; with force, cut its power */
        post: operations["machineStop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/disks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give the machine another disk, also while its guest runs */
        post: operations["diskAttach"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/disks/{disk}/detach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a disk away, also from the set that replicates; the image stays */
        post: operations["diskDetach"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/disks/{disk}/grow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a disk larger, also while the guest runs */
        post: operations["diskGrow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hosts/invite": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make an invitation for another host */
        post: operations["hostInvite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hosts/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pair with the host that made the invitation */
        post: operations["hostJoin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hosts/renew-certificate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Renew the certificate of this host; pairings stay */
        post: operations["hostRenewCertificate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This host and those it is paired with */
        get: operations["hostList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hosts/{host}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End the pairing */
        delete: operations["hostRemove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hosts/{host}/rename": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a host another name */
        post: operations["hostRename"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hosts/{host}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell the new address of a host that moved */
        post: operations["hostMove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hosts/{host}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try each step of the way to a host, and ask whether it takes replicas from this one */
        post: operations["hostTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This host as a replica server */
        get: operations["serverShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change what is set for it; what is not named stays */
        patch: operations["serverSet"];
        trace?: never;
    };
    "/api/server/certificates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Certificates that other hosts can be shown */
        get: operations["serverCertificates"];
        put?: never;
        /** Install a certificate of an authority of one's own */
        post: operations["serverCertificateAdd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/server/certificates/{thumbprint}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove an installed certificate */
        delete: operations["serverCertificateRemove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/authorizations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who may replicate to this host, and where to */
        get: operations["authorizationList"];
        put?: never;
        /** Let a host, the hosts of a domain, or any paired host replicate to this one */
        post: operations["authorizationAdd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/authorizations/{authorization}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take an authorization back */
        delete: operations["authorizationRemove"];
        options?: never;
        head?: never;
        /** Change an authorization; replicas that exist stay where they are */
        patch: operations["authorizationChange"];
        trace?: never;
    };
    "/api/relationships/{machine}/authorization": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give a replica to an authorization */
        put: operations["authorizationAssign"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traffic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How much leaves this host for replicas at once, how fast, and what does now */
        get: operations["trafficShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change the limits; those not named stay, and what is under way follows */
        patch: operations["trafficSet"];
        trace?: never;
    };
    "/api/relationships": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All relationships */
        get: operations["relationshipList"];
        put?: never;
        /** Enable replication of a machine */
        post: operations["enable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One relationship */
        get: operations["relationshipShow"];
        put?: never;
        post?: never;
        /** End replication of the machine */
        delete: operations["disable"];
        options?: never;
        head?: never;
        /** Change settings; those not named stay */
        patch: operations["settingsChange"];
        trace?: never;
    };
    "/api/relationships/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What enabling would do, and what the other host lacks; changes nothing */
        post: operations["enablePlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** No cycles until resume; changes are still tracked */
        post: operations["suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on with everything that changed meanwhile */
        post: operations["resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/cycle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a cycle now */
        post: operations["cycleNow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/cycle/application-consistent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a cycle now, with the guest's file systems held still by its agent */
        post: operations["consistentCycleNow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/failover/test-end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Remove the test failover's copy */
        post: operations["testFailoverEnd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/commit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keep the point that was failed over to */
        post: operations["commit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/revert": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Undo the failover on this host, to choose another point */
        post: operations["revert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/reverse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Protect the guest in the other direction; commits first when needed */
        post: operations["reverse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/change-mode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** After a committed failover in the middle of a chain: this host is primary, the third host its replica */
        post: operations["changeMode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/become-replica": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** After a split brain: yield to the other host */
        post: operations["becomeReplica"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/start-replication": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Copy the disks while the guest runs */
        post: operations["initialStart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/start-replication/at": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin the initial replication at a moment in the next seven days */
        post: operations["initialStartAt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/stop-initial": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop the initial replication, or do not begin one that is scheduled */
        post: operations["initialStop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Write the first copy onto media, to be carried to the other host; changes flow meanwhile */
        post: operations["initialExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take in media with the first copy, on the replica's host */
        post: operations["initialImport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/copies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A machine here is a copy of another host's, and waits to become its replica */
        post: operations["copyOffer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Health and statistics of every relationship, as last known */
        get: operations["healthList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Health and statistics of one machine's relationship */
        get: operations["healthShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/statistics/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin to count anew; a warning that no longer holds is gone */
        post: operations["statisticsReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** From where on the health is a warning, or critical */
        get: operations["healthLimits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change such limits */
        patch: operations["healthLimitsChange"];
        trace?: never;
    };
    "/api/relationships/{machine}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The past of a relationship in buckets of one length, and its failovers; the last day when no period is given */
        get: operations["history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What each relationship achieved over a period: lag, cycles, failovers; the last 30 days when none is given */
        get: operations["report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every check that fires: what it means and what to do; hosts and guests are asked now */
        get: operations["doctor"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/resynchronize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compare the disks and ship what differs; one that was suspended goes on */
        post: operations["resynchronize"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/resynchronize/at": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin the resynchronization at a moment in the next seven days */
        post: operations["resynchronizeAt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/resynchronize/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give up a resynchronization that is under way, suspended or scheduled */
        post: operations["resynchronizeCancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/points": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The recovery points, newest first */
        get: operations["points"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/points/{point}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One recovery point */
        get: operations["pointShow"];
        put?: never;
        post?: never;
        /** Remove one recovery point; every other one stays as it is */
        delete: operations["pointDelete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/points/{point}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Read a recovery point in whole and compare it with what was recorded when it arrived */
        post: operations["pointVerify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/failover/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a planned failover that was prepared, or a failback */
        post: operations["plannedFailoverCancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/commit-after": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** When the failover commits itself */
        put: operations["commitAfter"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/failover/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Boot a copy of a point, isolated; replication goes on */
        post: operations["testFailover"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/failover/planned": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Shut the guest down, ship the last cycle, boot on the other host: nothing is lost */
        post: operations["plannedFailover"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/failover/unplanned": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Boot a recovery point on this host, because the primary is gone */
        post: operations["unplannedFailover"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/failback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring the guest home */
        post: operations["failback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/failback/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring the guest home to this host, to be looked at before it is committed */
        post: operations["failbackStart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/screenshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the display of a running guest shows now; for operators */
        get: operations["screenshot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/console-text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last lines of its serial console; for operators */
        get: operations["consoleText"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/test-result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the last test failover showed; for operators */
        get: operations["testResult"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/relationships/{machine}/test-screenshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The picture of the last test failover; for operators */
        get: operations["testScreenshot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/network": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the adapters are like on this host after a failover */
        get: operations["networkShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/machines/{machine}/network/{adapter}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change one adapter; what is not named stays */
        patch: operations["networkChange"];
        trace?: never;
    };
    "/api/machines/{machine}/network/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set the addresses in the running guest now */
        post: operations["networkApply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is told when something is wrong, and whether it arrives */
        get: operations["notificationsShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change how soon and how often is told; what is not named stays */
        patch: operations["notificationsSet"];
        trace?: never;
    };
    "/api/notifications/targets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell one more: a webhook or a mail address */
        post: operations["notificationTargetAdd"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/targets/{target}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Tell it no more; what waits for it is dropped */
        delete: operations["notificationTargetRemove"];
        options?: never;
        head?: never;
        /** Change a target; what is not named stays */
        patch: operations["notificationTargetChange"];
        trace?: never;
    };
    "/api/notifications/targets/{target}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a message now, and say what the other side answered */
        post: operations["notificationTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The host, its machines, relationships and jobs */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Running jobs, and those that ended lately */
        get: operations["jobList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One job */
        get: operations["jobShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a job */
        post: operations["jobCancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The event log */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what, newest first */
        get: operations["auditTrail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Server-sent events: what changed, and the event log from Last-Event-ID on */
        get: operations["eventStream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What a failover would have lost, over the protected time: the achieved recovery point objective */
        AchievedLag: {
            medianMs: number | null;
            p95Ms: number | null;
            p99Ms: number | null;
            worstMs: number | null;
            worstAtMs: number | null;
        };
        /** @description Test failovers in the period */
        AchievedTests: {
            /** @description How many */
            count: number;
            lastAtMs: number | null;
            worstRecoveryMs: number | null;
        };
        /** @description Settings that CIM has no property for */
        AdditionalSettings: {
            /** @description Cycle interval below 30 s, for tests and demanding machines; takes the place of intervalSeconds */
            cycleIntervalMs?: number;
            /** @description Spacing of the recovery points that are kept; 3,600 when absent */
            pointIntervalSeconds?: number;
            /** @description zstd level */
            compressionLevel?: number;
            /** @description Old data that may be kept aside for one cycle, over all disks */
            fleecingBudgetMiB?: number;
            /** @description A failover that nobody has committed by then commits itself: 60 to 2,592,000; never for 0, or when absent */
            commitAfterSeconds?: number;
            /**
             * @description What happens to a guest that runs without the right to
             * @enum {string}
             */
            demotion?: "pause" | "stop";
            /** @description Limits of what may leave, by time of day; of those that are open the lowest counts */
            bandwidth?: components["schemas"]["BandwidthRule"][];
            /**
             * @description Whether a resynchronization that is required begins by itself, or only when somebody asks; "automatic" when absent
             * @enum {string}
             */
            resynchronization?: "automatic" | "manual";
        };
        AddressOutcome: {
            /**
             * @description How setting the addresses went, the last time
             * @enum {string}
             */
            state: "waiting" | "applied" | "failed";
            /** @description When, in milliseconds since 1970 */
            atMs: number;
            /** @description What happened */
            message: string;
            /** @description What to do */
            hint: string;
        };
        Alive: {
            /** @description What the clock of the host says, in milliseconds since 1970 */
            atMs: number;
        };
        /** @description The connection stands: the first message, and every five seconds while there is nothing else */
        AliveMessage: {
            /** @enum {string} */
            event: "alive";
            data: components["schemas"]["Alive"];
        };
        AuditEntry: {
            /** @description When, in milliseconds since 1970 */
            atMs: number;
            /** @description The user */
            who: string;
            /** @description The address that the user came from */
            from: string;
            /** @description What was asked for */
            operation: string;
            subject: string | null;
            /** @description "done", or why not */
            outcome: string;
        };
        Authorization: {
            /** @description Id of the entry */
            id: string;
            /** @description A paired host, *.domain, or * for any paired host */
            host: string;
            /** @description Directory that its replicas are kept in */
            storage: string;
            /** @description Hosts of one trust group may take over each other's replicas */
            trustGroup: string;
        };
        BandwidthRule: {
            /** @description Time of day, "08:00"; without it and "until" all day */
            from?: string;
            /** @description Time of day; before "from": across midnight */
            until?: string;
            /** @description Mbit/s */
            mbitPerSecond: number;
        };
        Caller: {
            /** @description Name of the user */
            name: string;
            /**
             * @description What the user may do
             * @enum {string}
             */
            role: "viewer" | "operator" | "administrator";
            /** @description Address that the request came from */
            from: string;
        };
        Certificate: {
            /** @description The user that it stands for */
            user: string;
            /** @description SHA-256 of the certificate */
            fingerprint: string;
            /** @description Whom the certificate names */
            subject: string;
            /** @description When it ends, in milliseconds since 1970 */
            expiresAtMs: number;
        };
        /** @description What peers are shown */
        CertificateInForce: {
            /** @description SHA-1 of the certificate, as Windows names it */
            thumbprint: string;
            /** @description When it ends, in milliseconds since 1970 */
            expiresAtMs: number;
            /** @description Whether this host made it itself */
            isOwn: boolean;
        };
        Change: {
            /**
             * @description What changed; of users an administrator hears, and others of themselves only
             * @enum {string}
             */
            kind: "machine" | "relationship" | "job" | "host" | "event" | "user";
            /** @description Id of what changed, which is to be read again; of a user the name */
            id: string;
        };
        /** @description Something is not as it was */
        ChangeMessage: {
            /** @enum {string} */
            event: "change";
            data: components["schemas"]["Change"];
        };
        ConsoleText: {
            /** @description The last lines of what the guest wrote on its serial console, without colours and cursor movements: 100 lines and 16 KiB at most */
            text: string;
            atMs: number | null;
        };
        /** @description The newest cycle that was acknowledged */
        Cycle: {
            /** @description The recovery point that it made */
            pointId: string;
            /** @description When the other host acknowledged it, in milliseconds since 1970 */
            finishedAtMs: number;
            /** @description How long it took */
            durationMs: number;
            /** @description Bytes of the clusters that had changed */
            bytesChanged: number;
            /** @description Bytes that travelled */
            bytesShipped: number;
        };
        CycleSummary: {
            /** @description When it ended, in milliseconds since 1970 */
            finishedAtMs: number;
            /** @description How long it took */
            durationMs: number;
            /** @description Bytes that travelled */
            bytesShipped: number;
        };
        /** @description When a resynchronization that is required begins by itself; null: as soon as it is required */
        DailyWindow: {
            /** @description Seconds after the host's midnight: 0 to 86,399 */
            fromSeconds: number;
            /** @description The same; before "fromSeconds": across midnight */
            untilSeconds: number;
        };
        Diagnosis: {
            /** @description The host that ran the checks */
            host: string;
            /** @description When, in milliseconds since 1970 */
            atMs: number;
            /** @description The worst first */
            findings: components["schemas"]["DoctorFinding"][];
            checks: components["schemas"]["DoctorCheck"][];
        };
        Disk: {
            /** @description Short name of the disk */
            name: string;
            /** @description Image or block device on this host */
            path: string;
            /** @description qcow2 or raw */
            format: string;
            /** @description Size that the guest sees */
            sizeBytes: number;
        };
        DiskDamage: {
            /** @description Name of the disk */
            disk: string;
            /** @description Clusters that are not what arrived */
            clusters: number;
            /** @description Where the first of them begins */
            firstOffsetBytes: number;
        };
        DiskRequest: {
            /** @description Short name of the disk */
            name: string;
            /** @description Absolute path of the image or block device */
            path: string;
            /**
             * @description Of the image; qcow2 when absent
             * @enum {string}
             */
            format?: "qcow2" | "raw";
            /**
             * @description Where the guest sees it; virtio when absent
             * @enum {string}
             */
            bus?: "virtio" | "scsi" | "sata";
            /** @description Size in bytes */
            sizeBytes?: number;
        };
        DoctorCheck: {
            /** @description Name of the check */
            check: string;
            practice: number | null;
            /** @description What it looks for */
            title: string;
            /** @description How often it fired */
            fired: number;
        };
        DoctorFinding: {
            /** @description Name of the check: see docs/generated/doctor.md */
            check: string;
            practice: number | null;
            /**
             * @description How bad it is
             * @enum {string}
             */
            severity: "critical" | "warning" | "advice";
            /** @description The host that it is about */
            host: string;
            machine: string | null;
            /** @description What was found */
            message: string;
            /** @description What that means */
            meaning: string;
            /** @description What to do */
            cure: string;
        };
        EnablePlan: {
            settings: components["schemas"]["Settings"];
            findings: components["schemas"]["Finding"][];
            advice: string[];
        };
        EnableRequest: {
            /** @description Name or id of the virtual machine */
            machine: string;
            /** @description The host that gets the replica */
            host: string;
            settings?: components["schemas"]["SettingsChange"];
            /** @description What differs in the replica's definition */
            overrides?: {
                /** @description Memory of the replica */
                memoryMiB?: number;
                /** @description Bridge here → bridge there */
                bridges?: {
                    [key: string]: string;
                };
                /** @description Directory on the other host */
                storage?: string;
            };
            /**
             * @description Do it although a check speaks against it
             * @default false
             */
            force?: boolean;
            /** @description Begin with what the other host kept of it as a former replica */
            useExisting?: boolean;
        };
        Error: {
            error: {
                /** @description "refused", "request-invalid", "route-unknown", "busy", "bug", or a row of the fault table */
                code: string;
                /** @description What happened */
                message: string;
                /** @description What to do */
                hint: string;
                /** @description For "refused": the operations that are allowed now */
                allowed?: string[];
                /** @description For "request-invalid": the field that is wrong */
                field?: string;
                /** @description For "bug": the id under which the log has it */
                id?: string;
            };
        };
        Event: {
            /** @description Grows from event to event */
            id: number;
            /** @description When, in milliseconds since 1970 */
            atMs: number;
            number: number | null;
            /**
             * @description How bad it is
             * @enum {string}
             */
            severity: "information" | "warning" | "error";
            machine: string | null;
            /** @description What happened */
            message: string;
            hint: string | null;
        };
        /** @description An entry of the event log; the id of the message is that of the event */
        EventMessage: {
            /** @enum {string} */
            event: "event";
            data: components["schemas"]["Event"];
        };
        FailoverAdapter: {
            /** @description Place in the definition, from 0 */
            index: number;
            /** @description MAC address */
            mac: string;
            /** @description What it is plugged into without a choice: a bridge of this host, "user" or "none" */
            network: string;
            bridge: string | null;
            testBridge: string | null;
            addresses: components["schemas"]["FailoverAddresses"] | null;
        };
        /** @description What is set in the guest */
        FailoverAddresses: {
            /**
             * @description Of which family addresses are set
             * @enum {string}
             */
            protocol: "unknown" | "other" | "ipv4" | "ipv6" | "both";
            /** @description Whether IPv4 addresses come from a DHCP server */
            dhcp: boolean;
            addresses: string[];
            gateways: string[];
            dnsServers: string[];
        };
        /** @description What the network adapters are like on this host after a failover */
        FailoverNetwork: {
            /** @description UUID of the virtual machine */
            machineId: string;
            /** @description Name of the virtual machine */
            machine: string;
            /** @description Whether the machine has a port for a guest agent, by which addresses are set */
            guestAgent: boolean;
            /** @description Whether it came to this host by a failover: its guest gets the addresses when it starts here */
            hasArrived: boolean;
            adapters: components["schemas"]["FailoverAdapter"][];
            outcome: components["schemas"]["AddressOutcome"] | null;
        };
        Finding: {
            /**
             * @description "refuse" stops the operation, "force" needs --force, "advice" stops nothing
             * @enum {string}
             */
            severity: "refuse" | "force" | "advice";
            /** @description What was looked at */
            subject: string;
            /** @description What was found */
            message: string;
            /** @description What to do about it */
            cure: string;
        };
        Health: {
            /** @description Id of the relationship */
            id: string;
            /**
             * @description The extended one sends a replica on to a third host
             * @enum {string}
             */
            kind: "simple" | "extended";
            /** @description UUID of the virtual machine */
            machineId: string;
            /** @description Name of the virtual machine */
            machine: string;
            /**
             * @description What this host is in the relationship
             * @enum {string}
             */
            side: "primary" | "replica";
            /** @description State as CIM numbers it */
            state: number;
            /** @description State in words */
            stateName: string;
            /**
             * @description The worst of the issues
             * @enum {string}
             */
            health: "ok" | "warning" | "critical" | "none";
            /** @description The rules that hold now, the worst first */
            issues: components["schemas"]["Issue"][];
            /** @description Name of the primary */
            primaryHost: string;
            /** @description Name of the replica's host */
            replicaHost: string;
            /** @description The host whose guest is the machine now */
            runsOn: string;
            present: components["schemas"]["StatisticsInterval"];
            previous: components["schemas"]["StatisticsInterval"] | null;
            /** @description When the next monitoring interval begins, in milliseconds since 1970 */
            nextIntervalMs: number;
            lagMs: number | null;
            lastSynchronizedMs: number | null;
            pendingBytes: number | null;
            pendingKnownMs: number | null;
            /** @description Size of the replicated disks: what an initial replication reads */
            disksBytes: number;
            lastConsistentMs: number | null;
            testCopy: string | null;
            lastTestMs: number | null;
            lastFault: components["schemas"]["LastFault"] | null;
        };
        HealthLimits: {
            /** @description Warning when more than this share of the cycles in the monitoring interval was missed */
            missedWarningPercent: number;
            /** @description Critical when at least this share was missed */
            missedCriticalPercent: number;
            /** @description Warning when nothing was sent (primary) or received (replica) for longer */
            silentMinutes: number;
            /** @description Critical when nothing was sent or received for longer */
            stalledHours: number;
            /** @description Warning when cycles took longer than this on average */
            latencySeconds: number;
            /** @description Critical when so many tries to replicate failed one after the other */
            failuresInARow: number;
            /** @description Warning when the replica is further behind than so many intervals (and 30 s) */
            lateIntervals: number;
            /** @description A reminder when no test failover was made for longer */
            testDays: number;
        };
        HealthLimitsChange: {
            /** @description Warning when more than this share of the cycles in the monitoring interval was missed; 20 by default */
            missedWarningPercent?: number;
            /** @description Critical when at least this share was missed; 50 by default */
            missedCriticalPercent?: number;
            /** @description Warning when nothing was sent (primary) or received (replica) for longer; 60 by default */
            silentMinutes?: number;
            /** @description Critical when nothing was sent or received for longer; 24 by default */
            stalledHours?: number;
            /** @description Warning when cycles took longer than this on average; 300 by default */
            latencySeconds?: number;
            /** @description Critical when so many tries to replicate failed one after the other; 3 by default */
            failuresInARow?: number;
            /** @description Warning when the replica is further behind than so many intervals (and 30 s); 3 by default */
            lateIntervals?: number;
            /** @description A reminder when no test failover was made for longer; 30 by default */
            testDays?: number;
        };
        History: {
            /** @description Id of the relationship */
            id: string;
            /**
             * @description The extended one sends a replica on to a third host
             * @enum {string}
             */
            kind: "simple" | "extended";
            /** @description UUID of the virtual machine */
            machineId: string;
            /** @description Name of the virtual machine */
            machine: string;
            /** @description When the first bucket begins: at or before what was asked for, in milliseconds since 1970 */
            fromMs: number;
            /** @description When the last bucket ends: at or after what was asked for, in milliseconds since 1970 */
            untilMs: number;
            /** @description Length of a bucket */
            bucketMs: number;
            /** @description Interval of the settings */
            intervalMs: number;
            /** @description What the lag is to stay within: twice the interval */
            objectiveMs: number;
            /** @description Without gaps, oldest first */
            buckets: components["schemas"]["HistoryBucket"][];
            /** @description Failovers, test failovers and failbacks that this host knows of, oldest first */
            recoveries: components["schemas"]["Recovery"][];
        };
        HistoryBucket: {
            /** @description When the bucket begins; it ends before the next one does, in milliseconds since 1970 */
            fromMs: number;
            /** @description Cycles that became recovery points */
            cycles: number;
            /** @description Intervals that passed without a cycle of their own */
            missed: number;
            maxLagMs: number | null;
            meanLagMs: number | null;
            /** @description Bytes that the guest had changed */
            bytesChanged: number;
            /** @description Bytes that travelled for them */
            bytesShipped: number;
            durationMs: number | null;
            /** @description Time in it without a recovery point on the other host, in milliseconds */
            unprotectedMs: number;
        };
        Host: {
            /** @description Id of the host */
            id: string;
            /** @description Name of the host */
            name: string;
            /** @description Address and port of its peer listener */
            address: string;
            /** @description SHA-256 fingerprint of its certificate */
            fingerprint: string;
            /** @description Whether this is the host that answers */
            self: boolean;
            /** @description Whether it is connected now */
            connected: boolean;
            lastContactMs: number | null;
            certificateExpiresMs: number | null;
        };
        HostStatus: {
            host: components["schemas"]["Host"];
            machines: components["schemas"]["Machine"][];
            relationships: components["schemas"]["Relationship"][];
            jobs: components["schemas"]["Job"][];
        };
        Issue: {
            /** @description Name of the rule that holds: see docs/generated/health.md */
            rule: string;
            /**
             * @description Advice does not change the health
             * @enum {string}
             */
            severity: "critical" | "warning" | "advice";
            /** @description What it means */
            message: string;
            /** @description What to do */
            hint: string;
        };
        Job: {
            /** @description Id of the job */
            id: string;
            /** @description What it does */
            kind: string;
            machine: string | null;
            /**
             * @description Where the job is
             * @enum {string}
             */
            state: "running" | "completed" | "failed" | "cancelled";
            /** @description 0 to 100 */
            percent: number;
            /** @description What it does at the moment, in words */
            step: string;
            /** @description When it started, in milliseconds since 1970 */
            startedAtMs: number;
            startedBy: string | null;
            finishedAtMs: number | null;
            /** @description Whether it can be cancelled now */
            cancellable: boolean;
            error: components["schemas"]["JobError"] | null;
            result: {
                [key: string]: number | string | boolean | null;
            } | null;
        };
        /** @description Why the job failed */
        JobError: {
            /** @description "refused" or a row of the fault table */
            code: string;
            /** @description What happened */
            message: string;
            /** @description What to do */
            hint: string;
            /** @description The operations that were allowed then */
            allowed: string[];
        };
        /** @description The last failure that has not been made good since */
        LastFault: {
            /** @description Row of the fault table */
            code: string;
            /** @description What happened */
            message: string;
            /** @description What to do */
            hint: string;
            /** @description When, in milliseconds since 1970 */
            atMs: number;
        };
        /** @description The last resynchronization that ended in a recovery point */
        LastResynchronization: {
            /** @description The recovery point that it made */
            pointId: string;
            /** @description When the other host acknowledged it, in milliseconds since 1970 */
            finishedAtMs: number;
            /** @description How long it took, waiting included */
            durationMs: number;
            /** @description Bytes of the disks */
            bytesCompared: number;
            /** @description How long reading and comparing them took */
            comparingMs: number;
            /** @description Bytes of the clusters that differed or were written meanwhile */
            bytesChanged: number;
            /** @description Bytes that travelled */
            bytesShipped: number;
        };
        Machine: {
            /** @description UUID, the same on both hosts */
            id: string;
            /** @description Name of the virtual machine */
            name: string;
            /**
             * @description "test" is a test failover's copy
             * @enum {string}
             */
            role: "standalone" | "primary" | "replica" | "test";
            /**
             * @description Whether the guest runs on this host
             * @enum {string}
             */
            power: "off" | "running" | "paused" | "stopping";
            startRefusal: string | null;
            /** @description Memory */
            memoryMiB: number;
            /** @description Virtual processors */
            cpuCount: number;
            /** @description Started with the daemon, after the peer was asked */
            autostart: boolean;
            /** @description The disks, in the order of the definition */
            disks: components["schemas"]["Disk"][];
            consoleSocket: string | null;
            consoleLog: string | null;
            pid: number | null;
        };
        MachineDetail: {
            /** @description UUID, the same on both hosts */
            id: string;
            /** @description Name of the virtual machine */
            name: string;
            /**
             * @description "test" is a test failover's copy
             * @enum {string}
             */
            role: "standalone" | "primary" | "replica" | "test";
            /**
             * @description Whether the guest runs on this host
             * @enum {string}
             */
            power: "off" | "running" | "paused" | "stopping";
            startRefusal: string | null;
            /** @description Memory */
            memoryMiB: number;
            /** @description Virtual processors */
            cpuCount: number;
            /** @description Started with the daemon, after the peer was asked */
            autostart: boolean;
            /** @description The disks, in the order of the definition */
            disks: components["schemas"]["Disk"][];
            consoleSocket: string | null;
            consoleLog: string | null;
            pid: number | null;
            /** @description The whole definition of the machine */
            definition: unknown;
            /** @description The same as TOML, as it is defined */
            toml: string;
        };
        MachineSide: {
            /** @description Id of the host */
            hostId: string;
            /** @description Name of the host */
            host: string;
            /** @description False for what a host told earlier that tells nothing now: "asOfMs" of the host says when */
            isCurrent: boolean;
            /**
             * @description "test" is a test failover's copy
             * @enum {string}
             */
            role: "standalone" | "primary" | "replica" | "test";
            /**
             * @description Whether the guest runs there
             * @enum {string}
             */
            power: "off" | "running" | "paused" | "stopping";
            /** @description None for a machine that is not replicated, two in the middle of a chain */
            relationships: components["schemas"]["RelationshipSummary"][];
        };
        NetworkChange: {
            addresses?: {
                /**
                 * @description Of which family addresses are set; "both" when absent
                 * @enum {string}
                 */
                protocol?: "unknown" | "other" | "ipv4" | "ipv6" | "both";
                /** @description IPv4 addresses come from a DHCP server */
                dhcp?: boolean;
                /**
                 * @description Each with its prefix length or mask: 192.0.2.10/24, 2001:db8::10/64
                 * @default []
                 */
                addresses: string[];
                /**
                 * @description At most 5, in the order in which they are preferred
                 * @default []
                 */
                gateways: string[];
                /**
                 * @description In the order in which they are asked
                 * @default []
                 */
                dnsServers: string[];
            } | null;
            bridge?: string | null;
            testBridge?: string | null;
        };
        NotificationSettingsChange: {
            /** @description How long a change must hold before it is told, in seconds */
            delaySeconds?: number;
            /** @description After how long what is still bad is told again, in seconds; 0 for never */
            repeatSeconds?: number;
        };
        NotificationTarget: {
            /** @description UUID of the target */
            id: string;
            /** @description Name of the target */
            name: string;
            /**
             * @description How it is told
             * @enum {string}
             */
            kind: "webhook" | "mail";
            /**
             * @description Nothing that is less bad is told
             * @enum {string}
             */
            minimum: "warning" | "critical";
            /** @description Whether it is told anything */
            enabled: boolean;
            /** @description The mail address; of a webhook its origin only, since such URLs are keys themselves */
            address: string;
            from: string | null;
            /** @description Whether messages are signed with a secret */
            signed: boolean;
            /** @description Names of the headers that are sent along */
            headers: string[];
            /** @description Whether it is trusted by an authority of its own, too */
            ownAuthority: boolean;
            /**
             * @description Whether notifications arrive
             * @enum {string}
             */
            state: "disabled" | "untried" | "working" | "retrying" | "failing";
            /** @description Notifications that wait for it */
            waiting: number;
            lastSuccessAtMs: number | null;
            lastFailure: {
                /** @description Row of the fault table */
                code: string;
                /** @description What happened */
                message: string;
                /** @description What to do */
                hint: string;
                /** @description When, in milliseconds since 1970 */
                atMs: number;
            } | null;
        };
        NotificationTargetChange: {
            /** @description Name of the target; the address, or the webhook's host, when absent */
            name?: string;
            /**
             * @description Nothing that is less bad is told
             * @enum {string}
             */
            minimum?: "warning" | "critical";
            /** @description Whether it is told anything */
            enabled?: boolean;
            /** @description Of a webhook: where to post, https:// or http:// */
            url?: string;
            secret?: string | null;
            /** @description Of a webhook: headers that are sent along; they replace those before */
            headers?: {
                [key: string]: string;
            };
            authority?: string | null;
            /** @description Of mail: the address */
            address?: string;
            from?: string | null;
        };
        NotificationTargetRequest: {
            /**
             * @description How it is told
             * @enum {string}
             */
            kind: "webhook" | "mail";
            /** @description Name of the target; the address, or the webhook's host, when absent */
            name?: string;
            /**
             * @description Nothing that is less bad is told
             * @enum {string}
             */
            minimum?: "warning" | "critical";
            /** @description Whether it is told anything */
            enabled?: boolean;
            /** @description Of a webhook: where to post, https:// or http:// */
            url?: string;
            secret?: string | null;
            /** @description Of a webhook: headers that are sent along; they replace those before */
            headers?: {
                [key: string]: string;
            };
            authority?: string | null;
            /** @description Of mail: the address */
            address?: string;
            from?: string | null;
        };
        NotificationTest: {
            /** @description What the other side answered */
            answer: string;
            /** @description How long that took, in milliseconds */
            tookMs: number;
        };
        Notifications: {
            /** @description How long a change must hold before it is told, in seconds */
            delaySeconds: number;
            /** @description After how long what is still bad is told again, in seconds; 0 for never */
            repeatSeconds: number;
            targets: components["schemas"]["NotificationTarget"][];
        };
        Overview: {
            /** @description When, in milliseconds since 1970 */
            atMs: number;
            /** @description This host first */
            hosts: components["schemas"]["OverviewHost"][];
            /** @description By name; a machine that several hosts have is there once */
            machines: components["schemas"]["OverviewMachine"][];
        };
        OverviewHost: {
            /** @description Id of the host */
            id: string;
            /** @description Name of the host */
            name: string;
            /** @description Whether this is the host that answers */
            self: boolean;
            /** @description Whether it is connected now */
            connected: boolean;
            asOfMs: number | null;
            /** @description Whether what is shown is of now; otherwise it is of "asOfMs" */
            isCurrent: boolean;
            failure: string | null;
            version: string | null;
            pageUrl: string | null;
            /** @description Machines that it left out, because there are too many to tell */
            omitted: number;
        };
        OverviewMachine: {
            /** @description UUID of the virtual machine */
            id: string;
            /** @description Name of the virtual machine */
            name: string;
            /** @description A replica follows it: by what is known, something could be failed over to */
            isProtected: boolean;
            /** @description The hosts that have it, where it belongs first */
            sides: components["schemas"]["MachineSide"][];
        };
        Recovery: {
            /** @description Id of the failover */
            id: string;
            /**
             * @description Of failover
             * @enum {string}
             */
            kind: "planned" | "unplanned" | "failback" | "test";
            /** @description When it was asked for, in milliseconds since 1970 */
            askedAtMs: number;
            /** @description Id of the recovery point that was booted */
            pointId: string;
            /** @description The point in time of that recovery point, in milliseconds since 1970 */
            pointInstantMs: number;
            /** @description What the guest had written in this time before it was asked for is not in the point; 0 where it was shut down first */
            lostMs: number;
            recoveryMs: number | null;
            startedAtMs: number | null;
        };
        RecoveryPoint: {
            /** @description Id of the recovery point */
            id: string;
            /** @description Order of the points */
            sequence: number;
            /**
             * @description "divergence" keeps what an old primary wrote after a failover
             * @enum {string}
             */
            kind: "standard" | "application-consistent" | "planned" | "divergence";
            /** @description The point in time that it holds, in milliseconds since 1970 */
            instantMs: number;
            /** @description Bytes that it takes on this host */
            sizeBytes: number;
            /** @description Whether it is the newest point */
            newest: boolean;
            name: string | null;
            verification: components["schemas"]["Verification"] | null;
        };
        Relationship: {
            /** @description Id of the relationship, the same on both hosts; it can stand in the place of the machine in a path */
            id: string;
            /**
             * @description In the middle of a chain a machine has one of each: the simple one, and the one by which it is sent on to a third host
             * @enum {string}
             */
            kind: "simple" | "extended";
            /** @description UUID of the virtual machine */
            machineId: string;
            /** @description Name of the virtual machine */
            machine: string;
            /**
             * @description What this host is in the relationship
             * @enum {string}
             */
            side: "primary" | "replica";
            /** @description Name of the other host */
            peer: string;
            /** @description Whether the other host is connected now */
            peerConnected: boolean;
            /** @description State as CIM numbers it (Msvm_ReplicationRelationship.ReplicationState), 0 to 21 */
            state: number;
            /** @description State in words */
            stateName: string;
            /**
             * @description Health; "none" while nothing replicates
             * @enum {string}
             */
            health: "ok" | "warning" | "critical" | "none";
            /** @description Why the health is not ok */
            healthReasons: string[];
            lagMs: number | null;
            lastCycle: components["schemas"]["Cycle"] | null;
            lastResynchronization: components["schemas"]["LastResynchronization"] | null;
            lastKind: ("standard" | "application-consistent" | "planned" | "divergence") | null;
            lastConsistentAtMs: number | null;
            nextCycleAtMs: number | null;
            startsAtMs: number | null;
            waitingFor: string | null;
            /** @description Number of recovery points */
            points: number;
            commitsAtMs: number | null;
            lastTestAtMs: number | null;
            /** @description Who may run the guest */
            epoch: {
                /** @description Grows with every failover */
                number: number;
                /** @description Random id */
                id: string;
            };
            settings: components["schemas"]["Settings"];
            /** @description The operations that are allowed now */
            allowed: string[];
            /** @description What to do next, in words; empty when nothing needs doing */
            advice: string;
            lastFault: components["schemas"]["LastFault"] | null;
        };
        RelationshipSummary: {
            /** @description Id of the relationship, the same on both hosts */
            id: string;
            /**
             * @description The extended one sends a replica on to a third host
             * @enum {string}
             */
            kind: "simple" | "extended";
            /**
             * @description What the host is in the relationship
             * @enum {string}
             */
            side: "primary" | "replica";
            /** @description Name of the other host */
            peer: string;
            /** @description State as CIM numbers it, 0 to 21 */
            state: number;
            /** @description State in words */
            stateName: string;
            /**
             * @description Health; "none" while nothing replicates
             * @enum {string}
             */
            health: "ok" | "warning" | "critical" | "none";
            /** @description Why the health is not ok */
            healthReasons: string[];
            lagMs: number | null;
            /** @description From the start of one cycle to the start of the next: what the lag is measured against */
            intervalMs: number;
            lastCycle: components["schemas"]["CycleSummary"] | null;
            nextCycleAtMs: number | null;
            /** @description Number of recovery points on the host */
            points: number;
            /** @description What to do next, in words; empty when nothing needs doing */
            advice: string;
        };
        Report: {
            /** @description The host that reports what it knows */
            host: string;
            /** @description When the report was made, in milliseconds since 1970 */
            madeAtMs: number;
            /** @description Where the period begins, in milliseconds since 1970 */
            fromMs: number;
            /** @description Where it ends, in milliseconds since 1970 */
            untilMs: number;
            /** @description By name of the machine; also those that were removed in the period */
            relationships: components["schemas"]["ReportRow"][];
        };
        ReportRow: {
            /** @description Id of the relationship */
            id: string;
            /**
             * @description The extended one sends a replica on to a third host
             * @enum {string}
             */
            kind: "simple" | "extended";
            /** @description UUID of the virtual machine */
            machineId: string;
            /** @description Name of the virtual machine */
            machine: string;
            /**
             * @description What this host is, or was, in the relationship
             * @enum {string}
             */
            side: "primary" | "replica";
            /** @description The other host */
            peer: string;
            endedAtMs: number | null;
            /**
             * @description Now
             * @enum {string}
             */
            health: "ok" | "warning" | "critical" | "none";
            /** @description Why it is not ok */
            healthReasons: string[];
            /** @description Interval of the settings */
            intervalMs: number;
            /** @description What the lag is to stay within: twice the interval */
            objectiveMs: number;
            /** @description Of how much of the period this host knows, in milliseconds */
            knownMs: number;
            /** @description Of that: with a recovery point on the other host */
            protectedMs: number;
            /** @description Of that: without one */
            unprotectedMs: number;
            withinObjectivePercent: number | null;
            lag: components["schemas"]["AchievedLag"];
            /** @description How often the lag came to exceed the objective */
            outages: number;
            /** @description Cycles that became recovery points */
            cycles: number;
            /** @description Intervals that passed without a cycle of their own */
            missed: number;
            /** @description Of the cycles: those that ended a resynchronization */
            resynchronizations: number;
            /** @description Bytes that the guest had changed */
            bytesChanged: number;
            /** @description Bytes that travelled for them */
            bytesShipped: number;
            durationMs: number | null;
            maxDurationMs: number | null;
            tests: components["schemas"]["AchievedTests"];
            /** @description Failovers and failbacks in the period, with what was lost and how long they took */
            failovers: components["schemas"]["Recovery"][];
        };
        /** @description Changes were left out: everything is to be read again */
        ResetMessage: {
            /** @enum {string} */
            event: "reset";
            data: Record<string, never>;
        };
        Server: {
            /** @description Whether this host takes replicas */
            replicaServer: boolean;
            /** @description Any paired host may send replicas; otherwise those that authorization entries let in */
            anyHost: boolean;
            /** @description Where replicas are kept when no entry says another place */
            storage: string;
            /** @description When the intervals of the statistics begin, in seconds after the host's midnight */
            monitoringStartSeconds: number;
            /** @description How long such an interval lasts: 3,600 to 604,800 */
            monitoringIntervalSeconds: number;
            /**
             * @description How hosts prove themselves
             * @enum {string}
             */
            authentication: "certificate";
            /** @description Where peers reach this host */
            peerAddress: string;
            certificate: components["schemas"]["CertificateInForce"];
            proxy: string | null;
        };
        ServerCertificate: {
            /** @description SHA-1 of the certificate, as Windows names it */
            thumbprint: string;
            /** @description SHA-256 of the certificate */
            fingerprint: string;
            /** @description Whom it names */
            subject: string;
            /** @description When it ends, in milliseconds since 1970 */
            expiresAtMs: number;
            unfit: string | null;
            /** @description Whether this host made it itself */
            isOwn: boolean;
            /** @description Whether other hosts are shown it */
            isInForce: boolean;
        };
        ServerChange: {
            /** @description Whether this host takes replicas */
            replicaServer?: boolean;
            /** @description Any paired host may send replicas; otherwise those that authorization entries let in */
            anyHost?: boolean;
            /** @description Where the replicas of any host are kept, absolute */
            storage?: string;
            /** @description When the intervals of the statistics begin, in seconds after the host's midnight */
            monitoringStartSeconds?: number;
            /** @description How long such an interval lasts: 3,600 to 604,800 */
            monitoringIntervalSeconds?: number;
            /** @description Thumbprint of an installed certificate that other hosts are shown, or "own" */
            certificate?: string;
            peerPort?: number | null;
            /** @description Show a certificate of another key although a paired host cannot be told of it now */
            force?: boolean;
        };
        /** @description How it is replicated */
        Settings: {
            /** @description Seconds from cycle to cycle: 30, 300 or 900 */
            intervalSeconds: number;
            /** @description Whether what travels is compressed when that pays */
            compression: boolean;
            /** @description Names of the disks that are replicated */
            disks: string[];
            /** @description Recovery points kept besides the newest: 0 to 24 */
            recoveryHistory: number;
            /** @description Hours between application-consistent points: 1 to 12, 0 for none; only with a recovery history */
            applicationConsistentHours: number;
            /** @description Whether the guest is told which host it runs on */
            replicateHostItems: boolean;
            /** @description Whether the two hosts reach each other past their proxies */
            bypassProxy: boolean;
            resynchronizationWindow: components["schemas"]["DailyWindow"] | null;
            additional: components["schemas"]["AdditionalSettings"];
        };
        SettingsChange: {
            /** @description Seconds from cycle to cycle: 30, 300 or 900 */
            intervalSeconds?: number;
            /** @description Whether what travels is compressed when that pays */
            compression?: boolean;
            /** @description Names of the disks that are replicated */
            disks?: string[];
            /** @description Recovery points kept besides the newest: 0 to 24 */
            recoveryHistory?: number;
            /** @description Hours between application-consistent points: 1 to 12, 0 for none; only with a recovery history */
            applicationConsistentHours?: number;
            /** @description Whether the guest is told which host it runs on */
            replicateHostItems?: boolean;
            /** @description Whether the two hosts reach each other past their proxies */
            bypassProxy?: boolean;
            resynchronizationWindow?: components["schemas"]["DailyWindow"] | null;
            additional?: components["schemas"]["AdditionalSettings"];
        };
        /** @description Counted in the monitoring interval before */
        StatisticsInterval: {
            sinceMs: number | null;
            /** @description Until when it was counted, in milliseconds since 1970 */
            untilMs: number;
            /** @description Cycles that became recovery points */
            cycles: number;
            /** @description Intervals that passed without a cycle of their own */
            missedCycles: number;
            /** @description Bytes of all cycles: sent by a primary, kept by a replica */
            bytes: number;
            averageBytes: number | null;
            /** @description Of the largest cycle */
            maxBytes: number;
            averageLatencyMs: number | null;
            /** @description Of the slowest cycle */
            maxLatencyMs: number;
            /** @description Attempts that failed */
            errors: number;
            /** @description Of those, for the network */
            networkFailures: number;
            /** @description Of those, for another cause */
            otherFailures: number;
            /** @description Application-consistent points that came out crash-consistent */
            consistencyFailures: number;
        };
        /** @description What the last test failover showed; all null when none has left anything */
        TestResult: {
            atMs: number | null;
            moment: ("booted" | "ended") | null;
            pointId: string | null;
            /** @description Whether there is a picture of its display */
            hasPicture: boolean;
            /** @description The last lines of its serial console */
            text: string;
        };
        Traffic: {
            /** @description Machines that are sent to replicas at once: 1 to 1,024 */
            transfers: number;
            /** @description Machines that resynchronize at once: 1 to 1,024 */
            resynchronizations: number;
            /** @description Limits of what may leave, by time of day; of those that are open the lowest counts */
            bandwidth: components["schemas"]["BandwidthRule"][];
            mbitPerSecondNow: number | null;
            /** @description What is sent now */
            transferring: string[];
            /** @description What resynchronizes now */
            resynchronizing: string[];
        };
        TrafficChange: {
            /** @description Machines that are sent to replicas at once: 1 to 1,024 */
            transfers?: number;
            /** @description Machines that resynchronize at once: 1 to 1,024 */
            resynchronizations?: number;
            /** @description Limits of what may leave, by time of day; of those that are open the lowest counts */
            bandwidth?: components["schemas"]["BandwidthRule"][];
        };
        User: {
            /** @description Name of the user */
            name: string;
            /**
             * @description What the user may do
             * @enum {string}
             */
            role: "viewer" | "operator" | "administrator";
        };
        /** @description What was found when the point was read in whole */
        Verification: {
            /** @description When the point was read, in milliseconds since 1970 */
            atMs: number;
            /** @description Clusters of 64 KiB, of all disks */
            clusters: number;
            /** @description Clusters of which nothing was recorded */
            uncheckedClusters: number;
            /** @description None when the point is good */
            damage: components["schemas"]["DiskDamage"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    version: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        version: string;
                    };
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Name of the user */
                    name: string;
                    /** @description Password */
                    password: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description For the header "Authorization: Bearer …" */
                        token: string;
                        user: components["schemas"]["User"];
                        /** @description When it ends, in milliseconds since 1970 */
                        expiresAtMs: number;
                    };
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Caller"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    passwordChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The present password */
                    password: string;
                    /** @description The password from now on */
                    newPassword: string;
                };
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    userList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    userAdd: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Name of the user */
                    name: string;
                    /**
                     * @description What the user may do
                     * @enum {string}
                     */
                    role: "viewer" | "operator" | "administrator";
                    /** @description Password */
                    password: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    userRemove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the user */
                user: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    userSet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the user */
                user: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description What the user may do
                     * @enum {string}
                     */
                    role?: "viewer" | "operator" | "administrator";
                    /** @description Password */
                    password?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    userToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the user */
                user: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How long it is valid */
                    days: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description For the header "Authorization: Bearer …"; it is shown this once */
                        token: string;
                        /** @description When it ends, in milliseconds since 1970 */
                        expiresAtMs: number;
                    };
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    userCertificates: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the user */
                user: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Certificate"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    userCertificateAdd: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the user */
                user: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The certificate in PEM */
                    certificate: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Certificate"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    userCertificateRemove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the user */
                user: string;
                /** @description SHA-256 of the certificate, in hexadecimal */
                fingerprint: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    machineList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    machineDefine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The definition, as TOML; paths in it are absolute */
                    toml: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    machineShow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachineDetail"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    machineUndefine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    machineStart: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Do it although a check speaks against it
                     * @default false
                     */
                    force?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    machineStop: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Do it although a check speaks against it
                     * @default false
                     */
                    force?: boolean;
                    /** @description How long the guest may take to shut down */
                    timeoutSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    diskAttach: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DiskRequest"];
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    diskDetach: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
                /** @description Short name of the disk */
                disk: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How long the guest may take to shut down */
                    timeoutSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    diskGrow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
                /** @description Short name of the disk */
                disk: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Size in bytes */
                    sizeBytes: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    hostInvite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Directory for the replicas, absolute */
                    storage?: string;
                    /** @description Address, with a port when it is not 7443 */
                    address?: string;
                    /** @description How long the invitation can be used */
                    expiresSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Text to paste on the other host; it works once */
                        invitation: string;
                        /** @description When it expires, in milliseconds since 1970 */
                        expiresAtMs: number;
                    };
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    hostJoin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description What the other host printed */
                    invitation: string;
                    /** @description Directory for the replicas, absolute */
                    storage?: string;
                    /** @description Address, with a port when it is not 7443 */
                    address?: string;
                    /** @description Reach that host past the proxy */
                    bypassProxy?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    hostRenewCertificate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    hostList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    hostRemove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the host */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    hostRename: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the host */
                host: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description New name */
                    name: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    hostMove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the host */
                host: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Address, with a port when it is not 7443 */
                    address: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    hostTest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the host */
                host: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Past this host's proxy */
                    bypassProxy?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    serverShow: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Server"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    serverSet: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServerChange"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Server"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    serverCertificates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerCertificate"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    serverCertificateAdd: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The certificate in PEM, and those between it and the authority */
                    certificate: string;
                    /** @description Its private key in PEM, without a password */
                    key: string;
                    /** @description The authority's certificate in PEM */
                    authority?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerCertificate"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    serverCertificateRemove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Thumbprint */
                thumbprint: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    authorizationList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Authorization"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    authorizationAdd: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description A paired host, *.domain, or * for any paired host */
                    host: string;
                    /** @description Directory for the replicas, absolute; this host's own place when absent */
                    storage?: string;
                    /** @description Trust group */
                    trustGroup?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Authorization"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    authorizationRemove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the entry, or the host that it is for */
                authorization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    authorizationChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the entry, or the host that it is for */
                authorization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description A paired host, *.domain, or * for any paired host */
                    host?: string;
                    /** @description Directory for the replicas, absolute; this host's own place when absent */
                    storage?: string;
                    /** @description Trust group */
                    trustGroup?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Authorization"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    authorizationAssign: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Id of the entry, or the host that it is for */
                    authorization: string;
                };
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    trafficShow: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Traffic"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    trafficSet: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrafficChange"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Traffic"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    relationshipList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    enable: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnableRequest"];
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    relationshipShow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    disable: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    settingsChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsChange"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    enablePlan: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnableRequest"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnablePlan"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    suspend: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    cycleNow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    consistentCycleNow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    testFailoverEnd: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    commit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    revert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    reverse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    changeMode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    becomeReplica: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    initialStart: {
        parameters: {
            query?: {
                /** @description "network" copies everything; "seed" ships only what differs from a copy on the other host. As it was chosen before when absent */
                transfer?: "network" | "seed";
            };
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    initialStartAt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description When it begins by itself, in milliseconds since 1970: within the next seven days */
                    startsAtMs: number;
                    /**
                     * @description "network" copies everything; "seed" ships only what differs from a copy on the other host. As it was chosen before when absent
                     * @enum {string}
                     */
                    transfer?: "network" | "seed";
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    initialStop: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    initialExport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Directory of this host, absolute; it may hold the exports of many machines, each in a subdirectory of its own */
                    directory: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    initialImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Directory of this host, absolute; it may hold the exports of many machines, each in a subdirectory of its own */
                    directory: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    copyOffer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Name or id of the virtual machine */
                    machine: string;
                    /** @description The host whose replica it is to be; the only paired one when absent */
                    host?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    healthList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    healthShow: {
        parameters: {
            query?: {
                /** @description Ask the guest now how much is yet to be replicated, instead of what was last known */
                refresh?: boolean;
            };
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    statisticsReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    healthLimits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthLimits"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    healthLimitsChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HealthLimitsChange"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthLimits"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    history: {
        parameters: {
            query?: {
                /** @description Where the period begins, in milliseconds since 1970 */
                fromMs?: number;
                /** @description Where it ends; now when absent, in milliseconds since 1970 */
                untilMs?: number;
                /** @description How many buckets at most; 200 when absent. There are fewer where it is not kept so finely */
                buckets?: number;
            };
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    report: {
        parameters: {
            query?: {
                /** @description Where the period begins, in milliseconds since 1970 */
                fromMs?: number;
                /** @description Where it ends; now when absent, in milliseconds since 1970 */
                untilMs?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Report"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    doctor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diagnosis"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resynchronize: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resynchronizeAt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description When it begins by itself, in milliseconds since 1970: within the next seven days */
                    startsAtMs: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resynchronizeCancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    points: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryPoint"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    pointShow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
                /** @description Id of the recovery point, or last-application-consistent */
                point: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryPoint"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    pointDelete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
                /** @description Id of the recovery point, or last-application-consistent */
                point: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    pointVerify: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
                /** @description Id of the recovery point, or last-application-consistent */
                point: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    plannedFailoverCancel: {
        parameters: {
            query?: {
                /** @description Also while the other host cannot be asked */
                force?: boolean;
            };
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    commitAfter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description From now on; never for 0 */
                    seconds: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relationship"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    testFailover: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Id of a recovery point; the newest when absent */
                    point?: string;
                    /**
                     * @description Whether the guest is booted; true when absent
                     * @default true
                     */
                    start?: boolean;
                    /** @description A bridge of this host for all adapters, instead of each one's own test network */
                    network?: string;
                    /**
                     * @description On no network at all, whatever is chosen for the adapters
                     * @default false
                     */
                    isolated?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    plannedFailover: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Whether the guest is booted; true when absent
                     * @default true
                     */
                    start?: boolean;
                    /**
                     * @description Replicate back at once
                     * @default false
                     */
                    reverse?: boolean;
                    /** @description How long the guest may take to shut down */
                    timeoutSeconds?: number;
                    /**
                     * @description Do it although a check speaks against it
                     * @default false
                     */
                    force?: boolean;
                    /** @description The failover commits itself after so many seconds, 60 at least; never for 0, as the settings say when absent */
                    commitAfterSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    unplannedFailover: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Id of a recovery point; the newest when absent */
                    point?: string;
                    /**
                     * @description Whether the guest is booted; true when absent
                     * @default true
                     */
                    start?: boolean;
                    /**
                     * @description Do it although a check speaks against it
                     * @default false
                     */
                    force?: boolean;
                    /** @description The failover commits itself after so many seconds, 60 at least; never for 0, as the settings say when absent */
                    commitAfterSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    failback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Whether the guest is booted; true when absent
                     * @default true
                     */
                    start?: boolean;
                    /** @description How long the guest may take to shut down */
                    timeoutSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    failbackStart: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Id of a recovery point of the other host; everything when absent */
                    point?: string;
                    /** @description How long the guest may take to shut down */
                    timeoutSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    screenshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description PNG; Last-Modified says when it was taken */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    consoleText: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsoleText"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    testResult: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the last test failover showed; all null when none has left anything */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestResult"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    testScreenshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description PNG; Last-Modified says when it was taken */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    networkShow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the network adapters are like on this host after a failover */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FailoverNetwork"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    networkChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
                /** @description Place of the network adapter in the definition, from 0, or its MAC address */
                adapter: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NetworkChange"];
            };
        };
        responses: {
            /** @description What the network adapters are like on this host after a failover */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FailoverNetwork"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    networkApply: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the virtual machine */
                machine: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    notificationsShow: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notifications"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    notificationsSet: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationSettingsChange"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notifications"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    notificationTargetAdd: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationTargetRequest"];
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationTarget"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    notificationTargetRemove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the target */
                target: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    notificationTargetChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the target */
                target: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationTargetChange"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationTarget"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    notificationTest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name or id of the target */
                target: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationTest"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostStatus"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    jobList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    jobShow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    jobCancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    events: {
        parameters: {
            query?: {
                /** @description Only events after this one */
                afterId?: number;
                /** @description How many at most */
                limit?: number;
                /** @description Only events of this machine, named by name or id */
                machine?: string;
                /** @description Only events that are as bad as this at least */
                severity?: "information" | "warning" | "error";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    auditTrail: {
        parameters: {
            query?: {
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntry"][];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    eventStream: {
        parameters: {
            query?: {
                /** @description As Last-Event-ID, for a first connection */
                afterId?: number;
                /** @description As Accept-Language, for what cannot send it */
                language?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Messages until the client goes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["ChangeMessage"] | components["schemas"]["EventMessage"] | components["schemas"]["AliveMessage"] | components["schemas"]["ResetMessage"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
}
